// In place of `cloudflare:workers`, which only workerd has: a class to extend.
exports.DurableObject = class {};

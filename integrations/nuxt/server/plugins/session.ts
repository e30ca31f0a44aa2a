export default defineNitroPlugin(sessionPlugin);

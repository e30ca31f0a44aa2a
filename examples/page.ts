// The page of the demo: HTML and CSS, no script.

/** What the page shows. */
export interface Shown {
  visits: number;
  userId: string | undefined;
  notices: readonly string[];
}

/** The page as HTML. */
export function toPage({ visits, userId, notices }: Shown): string {
  const name = userId ? escape(userId) : "stranger";
  const unit = visits === 1 ? "visit" : "visits";
  const lines = notices.map((notice) =>
    `<p class="notice" role="status">${escape(notice)}</p>`
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Visit ${visits} · with-session</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
${lines.join("\n")}
<h1>Hello, ${name}</h1>
<p class="count"><strong>${visits}</strong> ${unit} in this session</p>
<p><a href="/">Visit again</a></p>
${userId ? SIGN_OUT : SIGN_IN}
</main>
<footer>All of this is in one sealed cookie. The server keeps nothing.</footer>
</body>
</html>
`;
}

const SIGN_IN = `<form method="post" action="/sign-in">
<label for="name">Your name</label>
<input id="name" name="name" required maxlength="40" autocomplete="username">
<label class="check"><input type="checkbox" name="remember"> Remember me for 30 days</label>
<button>Sign in</button>
</form>`;

const SIGN_OUT = `<form method="post" action="/sign-out">
<button class="quiet">Sign out</button>
</form>`;

const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2330, #e8ecf3);
  --soft: light-dark(#5a6477, #a3adbf);
  --paper: light-dark(#fff, #1b212c);
  --ground: light-dark(#eef1f6, #11151c);
  --line: light-dark(#c3cad6, #465064);
  --accent: light-dark(#2450c8, #8fb0ff);
  --on-accent: light-dark(#fff, #0e1420);
  --good: light-dark(#e2f4e8, #17362a);
}
* { box-sizing: border-box; }
body {
  min-height: 100vh; margin: 0; padding: 1.5rem;
  display: grid; gap: 1rem; place-content: center; justify-items: center;
  grid-template-columns: minmax(0, 26rem);
  background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
main {
  width: 100%; padding: 2rem; border-radius: 1rem;
  background: var(--paper); box-shadow: 0 1px 2px #0002, 0 8px 32px #0001;
}
h1 { margin: 0 0 1rem; font-size: 1.75rem; line-height: 1.2; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
footer, .count { color: var(--soft); }
footer { font-size: .9375rem; text-align: center; text-wrap: balance; }
.count strong { font-size: 3rem; line-height: 1; color: var(--ink); margin-right: .25rem; }
.notice { padding: .625rem 1rem; border-radius: .5rem; background: var(--good); }
form { display: grid; gap: .5rem; margin-top: 1.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
label { font-weight: 600; }
.check { display: flex; gap: .5rem; align-items: center; margin-bottom: .5rem; font-weight: 400; }
input[type="checkbox"] { margin: 0; width: 1.125rem; height: 1.125rem; accent-color: var(--accent); }
input[name="name"], button { font: inherit; padding: .625rem .875rem; border-radius: .5rem; border: 1px solid var(--soft); }
input[name="name"] { background: transparent; color: inherit; width: 100%; }
button { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button.quiet { background: transparent; color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

import { defineHandler, html } from "nitro/h3";

export default defineHandler(() =>
  html`<form id="fail" method="post" action="/api/fail"><button>Fail</button></form>`
);

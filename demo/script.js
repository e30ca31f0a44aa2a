// The pages do without this. It shows events as they come, keeps a slow request
// in the background, and sets the slider at once.

listen();
addEventListener("submit", sendInBackground);
for (const slider of document.querySelectorAll(".slider")) setAtOnce(slider);

/** Shows the lines of the log as they come, while the page can be seen. */
function listen() {
  const list = document.querySelector("[data-events]");
  if (!list) return;
  let source;
  const open = () => {
    source?.close();
    if (document.hidden) return;
    const { events, after } = list.dataset;
    source = new EventSource(`${events}?after=${after}`);
    source.onmessage = ({ data, lastEventId }) => {
      // A session that has begun meanwhile counts on.
      if (Number(lastEventId) <= Number(list.dataset.after)) return;
      list.dataset.after = lastEventId;
      list.insertAdjacentHTML("afterbegin", JSON.parse(data));
      while (list.children.length > 12) list.lastElementChild.remove();
    };
  };
  // A browser has few connections for one site, and each tab takes one.
  document.addEventListener("visibilitychange", open);
  addEventListener("pagehide", () => source?.close());
  open();
}

/** Sends a form that takes long, and leaves the page as it is meanwhile. */
async function sendInBackground(event) {
  const form = event.target;
  if (!("background" in form.dataset)) return;
  event.preventDefault();
  const sent = fetch(form.action, { method: "POST" }).catch(() => {});
  // By then it has read its session.
  setTimeout(refresh, 150);
  await sent;
  await refresh();
}

/** Brings what has changed on the board. */
async function refresh() {
  const response = await fetch("/race", { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(
    await response.text(),
    "text/html",
  );
  const [board, fresh] = [document, page].map((each) =>
    each.getElementById("board")
  );
  if (!board || !fresh) return;
  const focused = document.activeElement?.form?.getAttribute("action");
  board.replaceChildren(...fresh.childNodes);
  const again = focused &&
    board.querySelector(`form[action="${focused}"] button`);
  if (again) again.focus();
}

/** Sets the slider's value when it is let go, without a button. */
function setAtOnce(slider) {
  const [input, output, button] = ["input", "output", "button"].map((name) =>
    slider.querySelector(name)
  );
  button.hidden = true;
  input.addEventListener("input", () => output.value = `${input.value} s`);
  input.addEventListener("change", () => button.form.requestSubmit(button));
}

// A word to the reader in the corner of the page: it is read aloud, goes by itself but not while somebody reads it, can be put
// away, and may offer something to do. Anything on the page can show one, and the server can.
import { adopt, h, setText } from "./dom.js";
import { channelNamed, link } from "./channel.js";

const TOAST_LASTS = 8000; // ms; twice as long where there is something to do
const MOST_TOASTS = 4;
let corner = null;
const toasts = new Map(); // key → its toast, oldest first
let toastNumber = 0;

// tone: plain, ok, warn or bad. actions: [{label, act}]. key: takes the place of the one before it. lasts: ms, 0 for ever.
// progress: [done, total], as a bar that moves on in place.
export function toast({ title = "", text = "", tone = "plain", actions = [], key = null, lasts = null, progress = null }) {
  key ??= `toast ${(toastNumber += 1)}`;
  const bar = progress && toasts.get(key)?.querySelector("progress");
  if (bar) {
    Object.assign(bar, { value: progress[0], max: progress[1] });
    setText(bar.previousElementSibling, text);
    return () => dropToast(key);
  }
  dropToast(key);
  const close = h("button", { type: "button", class: "put-away", "aria-label": "Put away", onclick: () => dropToast(key) }, "×");
  const todo = actions.map(({ label, act }) => h("button", { type: "button", class: "act", onclick: () => { dropToast(key); act(); } }, label));
  const node = h("div", { class: `toast ${tone}`, role: tone === "bad" ? "alert" : "status" },
    h("div", {}, title ? h("b", {}, title) : null, text ? h("span", {}, text) : null,
      progress ? h("progress", { value: progress[0], max: progress[1], "aria-label": title }) : null, todo.length ? h("div", {}, todo) : null), close);
  node.isDone = actions.length === 0;
  node.lasts = lasts ?? (actions.length ? 2 * TOAST_LASTS : TOAST_LASTS);
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, () => armToast(key));
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, () => clearTimeout(node.timer));
  toasts.set(key, node);
  cornerOfPage().append(node);
  // Those that offer something to do outlive what is only said.
  const passing = [...toasts].filter(([, one]) => one.lasts > 0), most = [...passing.filter(([, one]) => one.isDone), ...passing.filter(([, one]) => !one.isDone)];
  for (const [old] of most.slice(0, Math.max(0, passing.length - MOST_TOASTS))) dropToast(old);
  armToast(key);
  return () => dropToast(key);
}

function armToast(key) {
  const node = toasts.get(key);
  clearTimeout(node?.timer);
  if (node?.lasts) node.timer = setTimeout(() => (node.matches(":hover, :focus-within") ? armToast(key) : dropToast(key)), node.lasts);
}

function dropToast(key) {
  const node = toasts.get(key);
  clearTimeout(node?.timer);
  node?.remove();
  toasts.delete(key);
}

// It has to be there before its first toast, or that is not read aloud.
export function cornerOfPage() {
  if (corner === null) {
    const host = h("div", { class: "d-toasts" });
    const root = host.attachShadow({ mode: "open" });
    adopt(root, viewsCss);
    corner = h("div", { class: "root toasts", "aria-label": "Messages", role: "region", "aria-live": "polite" });
    root.append(corner);
    // What lies below them can be scrolled to.
    new ResizeObserver(() => { document.body.style.paddingBottom = toasts.size ? `${corner.offsetHeight + 40}px` : ""; }).observe(corner);
    document.body.append(host);
  }
  return corner;
}

// What the server has to say; what the reader does is told to the view that it names.
link.addEventListener("message", ({ detail }) => {
  for (const said of detail.toasts ?? []) {
    if (said.gone) { dropToast(said.key); continue; }
    const tell = (value) => channelNamed(said.token)?.send(said.view, { event: "toast", value });
    toast({ ...said, actions: said.actions.map(([label, value]) => ({ label, act: () => tell(value) })) });
  }
});

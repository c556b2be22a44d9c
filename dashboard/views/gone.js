// Who is logged out, or somebody else by now, is shown nothing any more of what the page held: it is taken off the screen.
import { adopt, h } from "./dom.js";
import { link } from "./channel.js";

link.addEventListener("change", () => { if (link.state === "refused") takeAway(); });

function takeAway() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("dashboard-draft")) sessionStorage.removeItem(name);
  const host = h("div", {});
  const root = host.attachShadow({ mode: "open" });
  adopt(root, viewsCss);
  const again = h("button", { type: "button", class: "chip", onclick: () => location.reload() }, "Load again");
  const words = "What stood here is not shown any more. Load the page again to log in.";
  root.append(h("div", { class: "root", role: "alert", style: "max-width:26rem;margin:20vh auto;padding:0 1rem" },
    h("h1", { style: "font-size:20px" }, "You are logged out, or logged in as somebody else"), h("p", { class: "mute" }, words), again));
  document.body.replaceChildren(host);
  again.focus();
}

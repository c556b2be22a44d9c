// Trouble, one line at the top of a page: what is wrong, of which kind, and what to do. The gravest comes first.
import { h, setText } from "./dom.js";
import { clockTime } from "./format.js";
import { link, reconnect } from "./channel.js";
import { troubles } from "./card.js";
import { report } from "./report.js";
import { waitingWrites } from "./status.js";

const PATIENCE = 1500; // ms that a cut may last before it is worth a word

export class BannerView {
  constructor() {
    this.kind = h("b");
    this.text = h("span");
    this.button = h("button", { class: "chip", type: "button", onclick: () => this.act?.() });
    this.node = h("div", { class: "banner", role: "alert", hidden: true }, this.kind, this.text, this.button);
    this.database = { link: "connecting", reason: "", fault: "live" };
    this.tell = this.tell.bind(this);
    link.addEventListener("change", this.tell);
    troubles.addEventListener("change", this.tell);
    for (const name of ["online", "offline"]) addEventListener(name, this.tell);
    this.timer = setInterval(this.tell, 1000);
  }

  remove() {
    link.removeEventListener("change", this.tell);
    troubles.removeEventListener("change", this.tell);
    for (const name of ["online", "offline"]) removeEventListener(name, this.tell);
    clearInterval(this.timer);
  }

  receive(picture) {
    if (picture.body) this.database = picture.body;
    this.tell();
  }

  tell() {
    this.cutAt = link.state === "closed" ? this.cutAt ?? Date.now() : null;
    const trouble = this.page() ?? this.live() ?? this.views();
    this.node.hidden = trouble === null;
    if (trouble === null) return;
    const [tone, kind, text, label, act] = trouble;
    this.node.className = `banner ${tone}`;
    setText(this.kind, kind);
    setText(this.text, text);
    this.button.hidden = !label;
    setText(this.button, label ?? "");
    this.act = act;
  }

  page() {
    const shown = link.at === null ? "" : ` What you see is from ${clockTime(link.at)}.`;
    if (link.state === "resting") return ["plain", "Disconnected", `You disconnected this page; nothing is updated.${shown}`, "Reconnect", reconnect];
    if (link.state !== "closed" || Date.now() - this.cutAt < PATIENCE) return null;
    if (!navigator.onLine) return ["warn", "Network", `Your device is offline. The page goes on by itself when it is back.${shown}`, null];
    const wait = Math.max(0, Math.round(((link.next ?? 0) - Date.now()) / 1000));
    return ["warn", "Network", `The web server does not answer; ${wait ? `trying again in ${wait} s` : "trying again"}.${shown}`, "Try now", reconnect];
  }

  live() {
    const { link: state, reason, fault } = this.database;
    if (state === "polling") return ["plain", "Polling", `Changes are asked for at intervals instead of arriving at once. ${reason}`, null];
    if (state !== "reconnecting" && state !== "offline") return null;
    const shown = link.at === null ? "" : ` What you see is from ${clockTime(link.at)}; it goes on by itself.`;
    if (fault === "authentication") return ["bad", "Access", reason, null];
    const kept = waitingWrites() && ` ${waitingWrites()} and will be sent.`;
    return [state === "offline" ? "bad" : "warn", "Database", `${reason}${shown}${kept}`, null];
  }

  views() {
    const all = [...troubles.all.values()];
    if (all.length === 0) return null;
    const first = all.find(({ fault }) => fault === "authentication") ?? all[0];
    const kind = { authentication: "Access", live: "Database" }[first.fault] ?? "Data";
    const others = all.length > 1 ? ` ${all.length - 1} more in the same state.` : "";
    const what = report ? "could not be shown" : "cannot be brought up to date";
    return ["warn", kind, `${first.title || "One part"} ${what}. ${first.text}${others}`, null];
  }
}

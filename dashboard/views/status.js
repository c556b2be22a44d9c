// The connection's state in words: the database's from the server, the page's own from the channel.
import { h, setText } from "./dom.js";
import { ago, clockTime } from "./format.js";
import { disconnect, link, reconnect } from "./channel.js";

const WORDS = {
  connecting: ["Connecting", "plain"], live: ["Live", "ok"], polling: ["Polling", "warn"],
  reconnecting: ["Reconnecting", "warn"], offline: ["Offline", "bad"],
};

const CUT = { closed: ["Page disconnected", "warn"], kept: ["Report", "plain"], resting: ["Disconnected by you", "plain"], refused: ["Logged out", "bad"] };

// How many changes of this reader's wait on disk for the database.
let keptWrites = 0;
link.addEventListener("message", ({ detail }) => { keptWrites = detail.kept ?? keptWrites; });
export const waitingWrites = () => (keptWrites ? `${keptWrites} ${keptWrites === 1 ? "change waits" : "changes wait"} for the database` : "");

export class StatusView {
  constructor(options) {
    this.variant = options.variant;
    this.label = h("span");
    this.pill = h("span", { class: "pill plain", role: "status" }, h("i"), this.variant === "minimal" ? null : this.label);
    this.detail = h("dl", { class: "detail", hidden: this.variant !== "full" });
    this.control = options.controls ? h("button", { class: "chip online", type: "button", onclick: () => (this.isOff() ? reconnect() : disconnect()) }) : null;
    this.node = h("div", { class: `status ${this.variant}` }, ...[this.pill, this.detail, this.control].filter(Boolean));
    if (this.variant === "full" && options.title) {
      this.node = h("section", { class: "card", "aria-label": options.title }, h("div", { class: "head" }, h("h2", {}, options.title)), this.node);
    }
    this.body = { link: "connecting", lag: null, since: null, reason: "" };
    this.onLink = () => this.tell();
    link.addEventListener("change", this.onLink);
    link.addEventListener("message", this.onLink);
    this.tell();
  }

  remove() {
    link.removeEventListener("change", this.onLink);
    link.removeEventListener("message", this.onLink);
  }

  isOff() { return link.state === "resting" || link.state === "closed"; }

  receive(picture) {
    if (picture.body) this.body = picture.body;
    if (link.database !== this.body.link) {
      link.database = this.body.link;
      link.dispatchEvent(new Event("change"));
    }
    this.tell();
  }

  tell() {
    const { link: database, lag, since, reason } = this.body;
    const isCut = link.state in CUT;
    const [word, tone] = CUT[link.state] ?? WORDS[database] ?? [database, "plain"];
    const delay = !isCut && lag !== null && ["live", "polling"].includes(database) ? ` · ${lag < 1 ? "< 1 ms" : lag < 1000 ? `${lag} ms` : `${(lag / 1000).toFixed(1)} s`}` : "";
    this.pill.className = `pill ${tone}`;
    setText(this.label, [word + delay, waitingWrites()].filter(Boolean).join(" · "));
    this.pill.title = [word + delay, reason].filter(Boolean).join(": ");
    if (this.variant === "minimal") this.pill.setAttribute("aria-label", word);
    if (this.control) setText(this.control, this.isOff() ? "Reconnect" : "Disconnect");
    if (this.variant !== "full") return;
    const none = link.state === "kept" ? "" : "–";
    this.say("Since", since && !isCut ? `${clockTime(since)} (${ago(since)})` : none);
    this.say("Snapshot", link.at ? clockTime(link.at) : "");
    this.say("Carried by", link.state === "open" && link.carrier ? link.carrier : none);
    this.say("Reason", isCut ? "" : reason);
  }

  // A line of the details; without a text it goes.
  say(name, text) {
    this.lines ??= new Map();
    if (!this.lines.has(name)) {
      const line = h("div", {}, h("dt", {}, name), h("dd"));
      this.lines.set(name, line);
      this.detail.append(line);
    }
    const line = this.lines.get(name);
    line.hidden = !text;
    setText(line.lastChild, text);
  }
}

// The page's side of the channel: one WebSocket for all views of a page, or the component's own messages.
import { freezeTime, serverTime, setServerTime } from "./format.js";
import { REPORT, reported } from "./report.js";

const AGAIN = [0, 500, 1000, 2000, 4000, 8000, 15000]; // ms before the n-th new attempt, ±30 %
const QUIET = 12000; // ms without a word after which the server is asked whether it is there
const MUTE = 40000; // ms after which the server is told that the page is there, where no socket shows it
const ANSWER = 8000; // ms that it may take to answer
const FORBIDDEN = 4403; // this page belongs to another login
const ELSEWHERE = 4404; // this process does not hold the session: another may
const ELSEWHERE_TRIES = 12;
const CONFIRM = 8; // messages confirmed at once
const channels = new Map();

// What the page knows of its connections: `state` of its own, `database` as the server says, `at` of the snapshot shown.
export const link = Object.assign(new EventTarget(), { state: "connecting", database: null, at: null, next: null });
// Nobody answers: a saved page, or a notebook whose kernel has gone. What only a server can do is not offered then.
let isServed = false;
export const isAlone = () => !isServed;
function serve() {
  if (isServed) return;
  isServed = true;
  link.dispatchEvent(new Event("alone"));
}
export const isStale = () => ["closed", "resting", "refused"].includes(link.state) || ["reconnecting", "offline"].includes(link.database);

function become(state) {
  if (link.state === state) return;
  link.state = state;
  link.dispatchEvent(new Event("change"));
}

class Channel {
  constructor(place) {
    this.place = place;
    this.views = new Map(); // name → {strand, version, receive}
    this.strands = new Map(); // strand → Set of names
    this.tries = this.elsewhere = this.received = 0;
    this.carrier = this.asked = null;
    this.wanted = new Set();
    document.addEventListener("visibilitychange", () => this.say({ hidden: document.hidden }));
    addEventListener("offline", () => this.ping());
    this.listening = setInterval(() => this.listen(), 2000);
  }

  // A link can die without a word, and Bokeh's messages do not say that theirs has. A saved page was never answered.
  listen() {
    if (!this.socket && !this.heard) return;
    if (this.isAway()) return;
    if ((this.carrier ?? this.socket) === null || this.isResting || this.ended) return;
    const isMute = !this.socket && Date.now() - this.said > MUTE;
    if (this.asked === null && (isMute || Date.now() - this.heard > QUIET)) this.ping();
    else if (this.asked !== null && Date.now() - this.asked > ANSWER) this.drop();
  }

  // A notebook does not say that an output was replaced or closed; one that stands in no page is told nothing more.
  isAway() {
    if (this.ended || this.socket || this.carrier === null) return false;
    const isThere = [...this.views.values()].some((view) => view.node?.isConnected);
    if (isThere && this.hasLeft) this.greetOver(this.carrier);
    if (!isThere && this.wasThere && !this.hasLeft) this.say({ bye: true });
    this.hasLeft = !isThere && this.wasThere;
    this.wasThere ||= isThere;
    return this.hasLeft;
  }

  ping() {
    if (this.carrier === null || this.asked !== null) return;
    this.asked = Date.now();
    this.say({ ping: true });
  }

  drop() {
    if (this.socket) {
      this.socket.onclose = null;
      this.socket.close();
    }
    this.cut();
  }

  attach(name, model, receive, title, node) {
    this.views.set(name, { strand: null, version: null, receive, model, title, node });
    this.wanted.add(name);
    if (this.wanted.size === 1) setTimeout(() => this.ask(), 0);
    return () => {
      const view = this.views.get(name);
      if (view?.receive !== receive) return;
      this.views.delete(name);
      this.strands.get(view.strand)?.delete(name);
      if (this.views.size === 0) this.end();
    };
  }

  send(name, message) { this.say({ view: name, message }); }

  ask() {
    if (this.carrier === null) { this.open(); return; }
    const want = {};
    for (const name of this.wanted) want[name] = null;
    this.wanted.clear();
    this.say({ want, ...this.holds?.() }); // a view that came later may be one that is to stand still
  }

  hello() {
    const want = {};
    for (const [name, view] of this.views) want[name] = view.strand && { strand: view.strand, version: view.version };
    this.wanted.clear();
    this.received = 0;
    return { hello: this.place.token, hidden: document.hidden, want, ...this.greet?.() };
  }

  say(message) {
    if (this.carrier === null) return;
    this.said = Date.now();
    this.carrier(message);
  }

  open() {
    if (this.opening || this.ended) return;
    this.opening = true;
    if (this.place.token === REPORT) { this.openReport(); return; }
    if (!this.place.path) { this.openMessages(); return; }
    const url = new URL(this.place.path, document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.socket = new WebSocket(url);
    this.asked = Date.now();
    socket.onopen = () => {
      link.carrier = "WebSocket";
      this.greetOver((message) => socket.readyState === 1 && socket.send(JSON.stringify(message)));
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.cut(event.code);
    socket.onerror = () => {};
  }

  // The component's messages: a notebook, or a server where the socket cannot be had.
  openMessages() {
    const model = [...this.views.values()][0]?.model;
    if (!model) { this.opening = false; return; }
    if (this.model !== model) {
      this.model = model;
      model.on("msg:custom", (data) => { if (data.token === this.place.token) this.receive(data.text); });
    }
    this.kernel = model.document.roots().map((root) => globalThis.PyViz?.kernels?.[root.id]).find(Boolean);
    link.carrier = this.kernel ? "messages of the kernel" : "messages on Bokeh's socket";
    this.greetOver((message) => model.send_msg({ ...message, token: this.place.token }));
  }

  // A file: nobody answers, and nothing moves on.
  openReport() {
    this.carrier = (message) => reported(message, (told) => { freezeTime(told.now); this.take(told); });
    become("kept");
    this.say(this.hello());
  }

  greetOver(carrier) {
    this.carrier = carrier;
    this.asked = null;
    this.say(this.hello());
    this.ping(); // a page that hides is told nothing else
  }

  receive(text) {
    const message = JSON.parse(text);
    this.heard = Date.now();
    this.asked = null;
    this.tries = this.elsewhere = 0;
    serve();
    become("open");
    if (!message.alive) this.take(message);
  }

  take(message) {
    setServerTime(message.now);
    if (message.at) link.at = Math.max(link.at ?? 0, message.at);
    for (const [name, strand] of Object.entries(message.bind ?? {})) this.bind(name, strand);
    const again = {};
    for (const update of message.updates) {
      for (const name of this.strands.get(update.strand) ?? []) {
        if (!this.deliver(this.views.get(name), update)) again[name] = null;
      }
    }
    if (Object.keys(again).length) this.say({ want: again });
    if (++this.received % CONFIRM === 0) this.say({ ack: this.received });
    link.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  deliver(view, update) {
    if (update.step !== undefined) {
      if (view.version === update.version) return true;
      if (view.version !== update.from) return false;
      view.receive({ step: update.step });
    } else {
      view.receive(update.picture);
    }
    view.version = update.version;
    return true;
  }

  bind(name, strand) {
    const view = this.views.get(name);
    if (!view || view.strand === strand) return;
    this.strands.get(view.strand)?.delete(name);
    view.strand = strand;
    view.version = null;
    if (!this.strands.has(strand)) this.strands.set(strand, new Set());
    this.strands.get(strand).add(name);
  }

  // The reader's own wish: nothing is sent, and PostgreSQL is asked nothing for this page, until they come back.
  disconnect() {
    this.isResting = true;
    clearTimeout(this.again);
    become("resting");
    if (this.socket) this.socket.close();
    else this.say({ hidden: true });
  }

  reconnect() {
    this.isResting = false;
    clearTimeout(this.again);
    if (this.carrier !== null && !this.socket) this.say({ hidden: document.hidden });
    if (link.state !== "open") become(this.carrier === null ? "connecting" : "open");
    this.tries = 0;
    if (this.carrier === null && !this.opening) this.open();
  }

  cut(code) {
    this.carrier = this.socket = this.asked = null;
    this.opening = false;
    if (this.ended || this.isResting) return;
    if (code === FORBIDDEN) {
      become("refused");
      return;
    }
    if (code === ELSEWHERE && this.elsewhere < ELSEWHERE_TRIES) {
      this.elsewhere += 1;
      this.open();
      return;
    }
    if ((code === ELSEWHERE || this.tries >= 3) && !this.received) this.place = { ...this.place, path: null };
    become("closed");
    const wait = AGAIN[Math.min(this.tries, AGAIN.length - 1)] * (0.7 + 0.6 * Math.random());
    this.tries += 1;
    link.next = Date.now() + wait;
    this.again = setTimeout(() => this.open(), wait);
  }

  end() {
    if (!this.socket && !this.hasLeft) this.leave();
    this.ended = true;
    clearInterval(this.listening);
    channels.delete(this.place.token);
    this.socket?.close();
  }

  // An output that JupyterLab has replaced or closed has lost its own way to the kernel by then.
  leave() {
    const comm = this.kernel?.connectToComm("dashboard");
    if (!this.kernel) this.say({ bye: true });
    else if (comm.active) comm.open({ bye: this.place.token });
  }
}

export function channelOf(place) {
  if (place.path) serve();
  let channel = channels.get(place.token);
  if (!channel || channel.ended) channels.set(place.token, channel = new Channel(place));
  return channel;
}

export const channelNamed = (token) => channels.get(token);
export const disconnect = () => channels.forEach((channel) => channel.disconnect());
export const reconnect = () => channels.forEach((channel) => channel.reconnect());
export const pageAge = () => (link.at === null ? null : serverTime() - link.at);

// What has just been said, as toasts; what was said before this page came is not news.
import { h } from "./dom.js";
import { serverTime } from "./format.js";
import { toast } from "./toast.js";
import { worded } from "./wording.js";

export class NoticesView {
  constructor(options) {
    this.options = options;
    this.node = h("div", { hidden: true });
  }

  receive(picture) {
    const { rows = {}, order, front } = picture.step ?? picture.body ?? {};
    for (const key of [...(order ?? front ?? Object.keys(rows))].reverse()) if (rows[key]) this.tell(key, rows[key]);
  }

  tell(key, row) {
    const lasts = this.options.lasts * 1000 - (serverTime() - row.at);
    if (lasts > 0) toast({ text: worded(row.line), key: `notice ${this.options.title} ${key}`, lasts });
  }
}

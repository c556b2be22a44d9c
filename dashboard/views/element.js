// A view's place in the page: Panel calls `render` once for each.
import { adopt, h } from "./dom.js";
import { channelOf, isAlone, isStale, link } from "./channel.js";
import { TileView } from "./tile.js";
import { FeedView } from "./feed.js";
import { NoticesView } from "./notices.js";
import { HereView } from "./here.js";
import { TableView } from "./table.js";
import { ChartView } from "./chart.js";
import { PaneView } from "./pane.js";
import { StatusView } from "./status.js";
import { ProgressView } from "./progress.js";
import { SwitchView } from "./switch.js";
import { RefreshView } from "./refresh.js";
import { GroupView } from "./group.js";
import { GlanceView } from "./glance.js";
import { LanesView } from "./lanes.js";
import { TabsView } from "./tabs.js";
import { ChoicesView } from "./selection.js";
import { BellView } from "./bell.js";
import { CommentsView } from "./comments.js";
import { ActionsView } from "./actions.js";
import { PageView } from "./page.js";
import { report } from "./report.js";

const KINDS = {
  tile: TileView, feed: FeedView, table: TableView, chart: ChartView, status: StatusView, page: PageView, pane: PaneView,
  progress: ProgressView, notices: NoticesView, here: HereView, switch: SwitchView, refresh: RefreshView, group: GroupView, glance: GlanceView,
  bell: BellView, comments: CommentsView, actions: ActionsView, lanes: LanesView, tabs: TabsView, choices: ChoicesView,
};

export function render({ model, view, el }) {
  adopt(document, themeCss);
  adopt(el.getRootNode(), viewsCss);
  const { place, options, kind } = model;
  if (report && kind === "status") el.getRootNode().host?.style.setProperty("display", "none"); // a file has no connection
  const channel = channelOf(place);
  const drawn = new KINDS[kind](options, (message) => channel.send(place.name, message), model, view);
  const root = h("div", { class: `root ${kind}-root` }, drawn.node);
  const onLink = () => drawn.card?.markStale(isStale());
  link.addEventListener("change", onLink);
  link.addEventListener("alone", onAlone);
  if (place.picture) drawn.receive(place.picture);
  const detach = channel.attach(place.name, model, (picture) => drawn.receive(picture), drawn.card && (() => drawn.card.title.textContent.trim()), root);
  model.on("options", () => drawn.tune?.(model.options));
  model.on("remove", () => {
    detach();
    link.removeEventListener("change", onLink);
    link.removeEventListener("alone", onAlone);
    drawn.card?.trouble?.(null);
    drawn.remove?.();
  });
  onAlone();
  return root;

  function onAlone() { root.classList.toggle("alone", isAlone()); }
}

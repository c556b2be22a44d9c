// How a page of a report is laid out on paper, where it differs from the screen.
const COLUMNS = 12; // of a page

// A table of many pages is as wide as the paper, and what stood beside it shares a row of its own.
export function widenInPrint(node) {
  for (let at = node; at; at = at.getRootNode().host) {
    const cell = at.closest(".cell");
    if (!cell) continue;
    cell.classList.add("long");
    const beside = rowOf(cell).filter((one) => !one.classList.contains("long"));
    const width = beside.reduce((sum, one) => sum + Number(one.dataset.span), 0);
    for (const one of beside) {
      one.classList.add("beside");
      one.style.setProperty("--print-span", Math.floor((Number(one.dataset.span) * COLUMNS) / width));
    }
  }
}

// The cells that stand in one row of twelve columns with this one.
function rowOf(cell) {
  const cells = [...cell.parentNode.children].filter((one) => one.matches(".cell:not([hidden])"));
  let row = [], width = 0;
  for (const one of cells) {
    width += Number(one.dataset.span);
    if (width > COLUMNS) {
      if (row.includes(cell)) break;
      [row, width] = [[], Number(one.dataset.span)];
    }
    row.push(one);
  }
  return row;
}

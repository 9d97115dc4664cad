// Measures each frame of the harness, and leaves what it found as JSON in the page.
const RGB = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/;

function colour(text) {
  const found = RGB.exec(text);
  return found ? [1, 2, 3].map(at => +found[at]).concat(found[4] === undefined ? 1 : +found[4]) : null;
}

function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map(each => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function contrast(one, two) {
  const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function ground(element, view) {
  for (let at = element; at; at = at.parentElement) {
    const found = colour(view.getComputedStyle(at).backgroundColor);
    if (found && found[3] > 0) return found;
  }
  return [255, 255, 255, 1];
}

function hasText(element) {
  return [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
}

function contrasts(doc, view) {
  let least = 99, where = "";
  for (const element of doc.body.querySelectorAll("*")) {
    if (!hasText(element) || element.closest("title, style, .wide.none")) continue;
    const isDrawn = element.namespaceURI.endsWith("svg");
    const style = view.getComputedStyle(element);
    const ink = colour(isDrawn ? style.fill : style.color);
    const found = contrast(ink, ground(element, view));
    if (found < least) [least, where] = [found, element.outerHTML.slice(0, 120)];
  }
  return { least, where };
}

function drawn(doc) {
  const outside = [], over = [];
  for (const svg of doc.querySelectorAll("svg[role=img]")) {
    const { width, height } = svg.viewBox.baseVal;
    const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBBox()]);
    boxes.forEach(([text, box], at) => {
      const isIn = box.x >= -1 && box.y >= -3 && box.x + box.width <= width + 1 && box.y + box.height <= height + 3;
      if (!isIn) outside.push(text);
      for (const [other, its] of boxes.slice(at + 1)) {
        const across = Math.min(box.x + box.width, its.x + its.width) - Math.max(box.x, its.x);
        const down = Math.min(box.y + box.height, its.y + its.height) - Math.max(box.y, its.y);
        if (across > 1 && down > 8) over.push(`${text} / ${other}`);
      }
    });
  }
  return { outside, over };
}

function sticksOut(doc, view) {
  const isScrolled = at => at && (["auto", "hidden"].includes(view.getComputedStyle(at).overflowX) || isScrolled(at.parentElement));
  return [...doc.body.querySelectorAll("*")]
    .filter(each => each.getBoundingClientRect().right > doc.documentElement.clientWidth + 1)
    .filter(each => !isScrolled(each.parentElement))
    .map(each => each.outerHTML.slice(0, 160)).slice(0, 3);
}

function measured(frame) {
  const doc = frame.contentDocument, view = frame.contentWindow, root = doc.documentElement;
  const maths = [...doc.querySelectorAll("math")].map(each => each.getBoundingClientRect());
  const levels = [...doc.querySelectorAll("details")];
  const found = {
    width: root.clientWidth,
    overflow: Math.max(root.scrollWidth, doc.body.scrollWidth) - root.clientWidth,
    sticksOut: sticksOut(doc, view),
    maths: maths.length,
    empty: maths.filter(each => each.width < 2 || each.height < 2).length,
    levels: levels.length,
    open: levels.filter(each => each.open).length,
    ground: view.getComputedStyle(doc.body).backgroundColor,
    contrast: contrasts(doc, view),
    drawn: drawn(doc),
  };
  if (levels.length) {
    const [first] = levels, before = first.getBoundingClientRect().height;
    first.open = false;
    found.folded = [before, first.getBoundingClientRect().height];
    first.open = true;
  }
  return found;
}

addEventListener("load", () => {
  const frames = [...document.querySelectorAll("iframe")];
  const found = Object.fromEntries(frames.map(each => [each.id, measured(each)]));
  document.getElementById("measured").textContent = JSON.stringify(found);
});

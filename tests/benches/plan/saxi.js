// Orders an SVG's lines as saxi does and writes them as an SVG in millimetres.
//   node saxi.js NODE_MODULES IN.svg OUT.svg
// The steps and their settings are those of saxi's own `replan` before it plans its motors: reorder, then join within
// 0.5 mm. Prints the milliseconds the two take.
const [modules, input, output] = process.argv.slice(2);
const from = (name) => require(require("path").join(modules, name));
const fs = require("fs");
const { Window } = from("svgdom");
const { flattenSVG } = from("flatten-svg");
const { reorder, merge } = from("optimize-paths");
const { defaultPlanOptions } = from("saxi/dist/server/planning");

const window = new Window();
window.document.documentElement.innerHTML = fs.readFileSync(input, "utf8");
const root = window.document.documentElement;
const svg = root.querySelector("svg") || root;
const [, , width, height] = (svg.getAttribute("viewBox") || "0 0 210 297").split(/[ ,]+/).map(Number);
// the drawings of this bench have one unit a millimetre
const lines = flattenSVG(svg, {}).map((line) => line.points.map(([x, y]) => ({ x, y })));
const start = process.hrtime.bigint();
let paths = reorder(lines);
paths = merge(paths, defaultPlanOptions.pathJoinRadius);
const ms = Number(process.hrtime.bigint() - start) / 1e6;
const d = paths.map((p) => `<path d="M${p.map((q) => `${q.x.toFixed(4)},${q.y.toFixed(4)}`).join("L")}"/>`);
fs.writeFileSync(
  output,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="0 0 ${width} ${height}" ` +
    `fill="none" stroke="black">\n${d.join("\n")}\n</svg>\n`
);
console.log(ms.toFixed(1));

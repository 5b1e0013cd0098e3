"use strict";
(() => {
  const FEW = 12; // queries that are shown before anybody asks for more
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const by = (id) => document.getElementById(id);
  all(".needs-script").forEach((part) => { part.hidden = false; });

  // Light and dark. A browser may refuse to remember; the switch works all the same.
  const theme = by("theme");
  const remembered = () => { try { return localStorage.getItem("negmine-theme"); } catch { return null; } };
  const show = (name) => {
    if (name === "light" || name === "dark") root.dataset.theme = name; else delete root.dataset.theme;
    theme.value = root.dataset.theme || "auto";
  };
  show(remembered());
  theme.addEventListener("change", () => {
    show(theme.value);
    try { localStorage.setItem("negmine-theme", theme.value); } catch { /* not remembered */ }
  });

  // The sample: search, kinds, keys.
  const queries = all(".query");
  const texts = queries.map((query) => query.textContent.toLowerCase());
  const search = by("search"), kind = by("kind"), found = by("found");
  const more = by("all");
  let few = queries.length > FEW;
  const shown = () => queries.filter((query) => !query.hidden);
  const sift = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const asked = words.length > 0 || kind.value !== "";
    queries.forEach((query, place) => {
      const right = !kind.value || query.dataset.why.split(" ").includes(kind.value);
      const fits = right && words.every((word) => texts[place].includes(word));
      query.hidden = !fits || (few && !asked && place >= FEW);
    });
    found.textContent = `${shown().length} of ${queries.length} queries`;
    more.hidden = asked || !few;
  };
  const showAll = () => { few = false; sift(); };
  more.addEventListener("click", () => { showAll(); shown()[FEW].querySelector("summary").focus(); });
  search.addEventListener("input", sift);
  kind.addEventListener("change", sift);
  sift();
  by("toggle").addEventListener("click", () => {
    const open = !shown().every((query) => query.open);
    shown().forEach((query) => { query.open = open; });
  });
  const move = (step) => {
    let list = shown();
    const at = list.findIndex((query) => query.contains(document.activeElement));
    if (step > 0 && at === list.length - 1 && !more.hidden) { showAll(); list = shown(); }
    const next = list[at < 0 ? (step > 0 ? 0 : list.length - 1) : at + step];
    if (next) next.querySelector("summary").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search && event.key === "Escape") { search.value = ""; sift(); search.blur(); }
    if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "j") move(1);
    if (event.key === "k") move(-1);
  });

  // What a person disagrees with becomes a file for `negmine label`.
  const boxes = all(".docs input"), marked = by("marked"), rows = by("rows");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked);
    const cell = (text) => (/[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const columns = ["query", "doc", "relevance"];
    const lines = chosen.map((box) => columns.map((name) => cell(box.dataset[name])).join("\t"));
    rows.value = ["query-id\tcorpus-id\tscore", ...lines].join("\n") + "\n";
    by("count").textContent = chosen.length;
    marked.hidden = !chosen.length;
  };
  boxes.forEach((box) => box.addEventListener("change", tell));
  by("copy").addEventListener("click", () => { rows.select(); document.execCommand("copy"); });
  by("save").addEventListener("click", () => {
    const file = document.createElement("a");
    file.href = URL.createObjectURL(new Blob([rows.value], { type: "text/tab-separated-values" }));
    file.download = "labels.tsv";
    file.click();
    setTimeout(() => URL.revokeObjectURL(file.href), 1000);
  });
  tell();
})();

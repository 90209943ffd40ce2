// Search and filters over the tables. The page works without it: then everything is shown.
(() => {
  "use strict";
  const root = document.documentElement;
  const find = document.getElementById("find");
  const form = document.getElementById("filters");
  if (!find || !form) return;
  root.classList.add("js");
  find.hidden = false;
  const query = document.getElementById("q");
  const chapter = document.getElementById("chapter");
  const status = document.getElementById("status");
  const plain = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/\s+/g, " ");

  // One pass over the page; texts are folded when the first word is typed.
  const sections = [...document.querySelectorAll("section.changes")].map((section) => {
    const groups = [...section.querySelectorAll("table.rows > tbody")].map((body) => ({
      body,
      chapter: body.dataset.c,
      rows: [...body.rows]
        .filter((row) => !row.classList.contains("group"))
        .map((row) => ({ row, chapter: row.dataset.c ?? body.dataset.c, text: null })),
    }));
    // A table of notes has its heading before it; both go when nothing is left in it.
    const tables = [...section.querySelectorAll("table.rows")].map((table) => {
      const before = table.previousElementSibling;
      return { table, heading: before && before.tagName === "H3" ? before : null };
    });
    const number = section.querySelector("h2 .n");
    const total = groups.reduce((sum, group) => sum + group.rows.length, 0);
    return { section, groups, tables, number, total, empty: section.querySelector("p.empty") };
  });
  const all = sections.reduce((sum, section) => sum + section.total, 0);

  const textOf = (item) => {
    if (item.text === null) {
      // Codes are found with and without their dot.
      const words = item.row.textContent;
      item.text = plain(`${words} ${words.replaceAll(".", "")}`);
    }
    return item.text;
  };
  const show = (element, shown) => {
    if (element.hidden === shown) element.hidden = !shown;
  };

  const apply = () => {
    const words = plain(query.value).trim().split(" ").filter(Boolean);
    const wanted = chapter ? chapter.value : "";
    const kinds = new Set([...form.querySelectorAll("input[name=kind]:checked")].map((box) => box.value));
    let shownInAll = 0;
    for (const section of sections) {
      const on = kinds.has(section.section.id);
      show(section.section, on);
      if (!on) continue;
      let shown = 0;
      for (const group of section.groups) {
        let inGroup = 0;
        for (const item of group.rows) {
          const matches =
            (wanted === "" || item.chapter === wanted) && words.every((word) => textOf(item).includes(word));
          show(item.row, matches);
          if (matches) inGroup += 1;
        }
        show(group.body, inGroup > 0);
        shown += inGroup;
      }
      for (const { table, heading } of section.tables) {
        const any = [...table.tBodies].some((body) => !body.hidden);
        show(table, any);
        if (heading) show(heading, any);
      }
      if (section.empty) show(section.empty, shown === 0);
      const whole = section.number.dataset.all;
      section.number.textContent = shown === section.total ? whole : `${shown} of ${section.total} shown`;
      shownInAll += shown;
    }
    const filtered = words.length > 0 || wanted !== "" || shownInAll < all;
    status.textContent = filtered
      ? `${shownInAll.toLocaleString("en")} of ${all.toLocaleString("en")} rows are shown.`
      : `All ${all.toLocaleString("en")} rows are shown.`;
  };

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 60);
  };
  query.addEventListener("input", soon);
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply, 0));
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      query.focus();
    } else if (event.key === "Escape" && document.activeElement === query && query.value !== "") {
      event.preventDefault();
      query.value = "";
      apply();
    }
  });

  // What comes into sight is laid out only then, which may move what was jumped to: go there again until it rests.
  const settle = (element, times) => {
    element.scrollIntoView({ block: element.tagName === "TR" ? "center" : "start" });
    if (times > 0) requestAnimationFrame(() => requestAnimationFrame(() => settle(element, times - 1)));
  };
  // A link to a row that a filter hides shows everything again.
  const follow = () => {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return;
    }
    if (!target) return;
    if (target.hidden || target.closest("[hidden]")) form.reset();
    setTimeout(() => settle(target, 3), 0);
  };
  // What is jumped to must not lie under the bar of filters while that sticks to the top.
  const room = () => {
    const sticks = getComputedStyle(find).position === "sticky";
    root.style.scrollPaddingTop = sticks ? `${find.offsetHeight + 16}px` : "";
  };
  new ResizeObserver(room).observe(find);
  room();
  addEventListener("hashchange", follow);
  apply();
  follow();

  // On paper everything is shown that the filters show; folded lists are opened.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.more")) details.open = true;
  });
  const narrow = matchMedia("(max-width: 70rem)");
  if (narrow.matches) document.querySelector(".contents details")?.removeAttribute("open");
})();

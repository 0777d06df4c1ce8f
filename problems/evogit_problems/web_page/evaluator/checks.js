// Measured in a world of its own: the page's scripts share the document with it, but no functions.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const count = (text) => text.trim().split(/\s+/).filter(Boolean).length;
  // What is rendered: neither scripts nor hidden text are words of the page.
  const words = (node) => (node ? count(node.innerText) : 0);
  const unfolded = (details) => {
    const whole = details.cloneNode(true);
    all("script, style, template", whole).forEach((node) => node.remove());
    return count(whole.textContent);
  };

  const channels = (text) => {
    const found = text.match(/-?[\d.]+(e-?\d+)?/g);
    if (!text.startsWith("rgb") || !found) return [0, 0, 0, 0];
    const [r, g, b, a = 1] = found.map(Number);
    return [r, g, b, a];
  };
  const over = (top, below) => {
    const [r, g, b, a] = top;
    return [r * a + below[0] * (1 - a), g * a + below[1] * (1 - a), b * a + below[2] * (1 - a), 1];
  };
  // The canvas under everything follows color-scheme, which "Canvas" resolves to.
  const canvas = (() => {
    const probe = document.createElement("div");
    probe.style.cssText = "color: Canvas; display: none";
    document.documentElement.append(probe);
    const found = channels(getComputedStyle(probe).color);
    probe.remove();
    return found;
  })();
  const behind = (element) => {
    const layers = [];
    for (let node = element; node; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none") return null; // a picture or gradient: nobody can say
      layers.push(channels(style.backgroundColor));
    }
    return layers.reverse().reduce((below, top) => over(top, below), canvas);
  };
  // Relative luminance and contrast as in WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((c) => {
      const v = Math.min(Math.max(c / 255, 0), 1);
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };

  const shown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 1 && element.getBoundingClientRect().height > 1;
  const texts = [];
  const walker = document.createTreeWalker(document.body || document, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() && texts.length < 5000) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || !parent || /^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE)$/.test(parent.tagName)) continue;
    if (!shown(parent)) continue;
    const style = getComputedStyle(parent);
    const back = behind(parent);
    texts.push({
      letters: node.data.trim().length,
      ratio: back ? contrast(over(channels(style.color), back), back) : 1,
      size: parseFloat(style.fontSize),
    });
  }
  const letters = texts.reduce((sum, text) => sum + text.letters, 0);
  const share = (good) =>
    letters ? texts.filter(good).reduce((sum, text) => sum + text.letters, 0) / letters : 0;

  const targets = all("a[href], button, input:not([type=hidden]), select, textarea, summary").filter(shown);
  const reachable = (link) => {
    const href = link.getAttribute("href");
    if (href === "#" || href === "") return false;
    if (href.startsWith("#")) return document.getElementById(decodeURIComponent(href.slice(1))) !== null;
    return /^(mailto|tel):.+/.test(href);
  };
  const section = (id) => all("main section, main article, main div").find((node) => node.id === id) || null;
  const labelled = (field) => Boolean(field.labels && [...field.labels].some((label) => words(label)));
  const column = all("main p, main li").filter(shown).map((node) => {
    const style = getComputedStyle(node);
    return node.getBoundingClientRect().width / (parseFloat(style.fontSize) * 0.5);
  });

  const features = section("features");
  const pricing = section("pricing");
  const questions = section("questions");
  const contact = section("contact");
  const fields = contact ? all("form input:not([type=hidden]), form textarea, form select", contact) : [];
  return {
    lang: document.documentElement.lang.length >= 2,
    title: document.title.trim().length >= 3,
    description: (document.querySelector("meta[name=description]")?.content || "").length >= 30,
    viewport: Boolean(document.querySelector("meta[name=viewport]")),
    doctype: document.compatMode === "CSS1Compat",
    one_h1: all("h1").length === 1,
    header: all("body > header").length === 1,
    main: all("main").length === 1,
    footer: all("body > footer").length === 1 && words(document.querySelector("body > footer")) >= 3,
    nav: all("header nav a[href^='#']").filter(reachable).length,
    sections: [features, pricing, questions, contact].filter((node) => node && words(node.querySelector("h2"))).length,
    features: features ? Math.max(all("li, article", features).length, all("h3", features).length) : 0,
    plans: pricing ? Math.max(all("table tbody tr", pricing).length, all("table thead th", pricing).length - 1) : 0,
    questions: questions ? all("details > summary", questions).filter((node) => unfolded(node.parentElement) >= 8).length : 0,
    fields: fields.filter(labelled).length,
    unlabelled: fields.filter((field) => !labelled(field)).length,
    submit: contact ? all("form button, form input[type=submit]", contact).length : 0,
    words: words(document.body),
    readable: share((text) => text.ratio >= 4.5),
    large: share((text) => text.size >= 14),
    back: luminance(behind(document.body) || [128, 128, 128]),
    narrow: column.length ? column.filter((width) => width <= 90).length / column.length : 0,
    overflow: Math.max(document.documentElement.scrollWidth - innerWidth, 0),
    targets: targets.length,
    hittable: targets.filter((node) => node.getBoundingClientRect().height >= 24).length,
    links: all("a").length,
    reachable: all("a[href]").filter(reachable).length,
    images: all("img").length,
    good_images: all("img").filter((image) => image.hasAttribute("alt") && image.naturalWidth > 0).length,
  };
})()

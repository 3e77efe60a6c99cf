// The files that go with the next message: chosen, dropped or pasted, and uploaded while the visitor still writes.
// It also holds what the composer's parts share: its sentences, its alert and its voice for screen readers.
const tray = (() => {
  const atOnce = 3;
  const find = (selector, root = document) => root.querySelector(selector);
  const make = (name, className, properties = {}) => Object.assign(document.createElement(name), { className, ...properties });
  const form = () => find(".composer");
  const storeKey = (path = location.pathname) => `files:${path}`;
  let entries = [];
  let waiters = [];

  const words = (key, values = {}) =>
    Object.entries(values).reduce(
      (text, [name, value]) => text.replaceAll(`{${name}}`, () => value),
      JSON.parse(form().dataset.words)[key],
    );
  const announce = (text) => {
    find("#announcer").textContent = text;
  };
  const problem = (text) => {
    find("#problem-text").textContent = text;
    find("#problem").classList.toggle("hidden", !text);
  };
  const size = (bytes) => {
    const [unit, key] = [[1e6, "megabytes"], [1e3, "kilobytes"], [1, "bytes"]].find(([least]) => bytes >= least) ?? [1, "bytes"];
    return words(key, { size: String(Number((bytes / unit).toPrecision(3))) });
  };

  // Resolves to what the server says of the upload; rejects with { sentence, again }.
  const put = (content, name, { onProgress = () => {}, onRequest = () => {} } = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const broke = () => reject({ sentence: words("broken", { name }), again: true });
      request.open("POST", `/upload?name=${encodeURIComponent(name)}`);
      request.setRequestHeader("Accept-Language", document.documentElement.lang);
      request.responseType = "json";
      request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
      request.onerror = broke;
      request.onload = () => {
        if (request.status === 201) resolve(request.response);
        else if (request.response?.detail) reject({ sentence: request.response.detail, again: ![413, 422].includes(request.status) });
        else broke();
      };
      onRequest(request);
      request.send(content);
    });

  const isUnderWay = (entry) => entry.state === "waiting" || entry.state === "going";
  const tokens = () => entries.filter((entry) => entry.state === "there").map((entry) => entry.token);
  const isEmpty = () => entries.length === 0;

  const settle = () => {
    if (entries.some(isUnderWay)) return;
    const now = waiters;
    waiters = [];
    const failed = entries.some((entry) => entry.state === "failed");
    now.forEach((resolve) => resolve(failed ? null : tokens()));
  };
  // The tokens of all files, once every upload has ended; null when one of them failed.
  const settled = () =>
    new Promise((resolve) => {
      waiters.push(resolve);
      settle();
    });

  const keep = () => {
    const there = entries.filter((entry) => entry.state === "there").map(({ token, name, bytes }) => ({ token, name, bytes }));
    if (there.length) sessionStorage.setItem(storeKey(), JSON.stringify(there));
    else sessionStorage.removeItem(storeKey());
  };

  const build = (entry) => {
    entry.node = make("li", "tray-file");
    entry.mark = make("span", "tray-mark");
    if (entry.file?.type.startsWith("image/") && !entry.file.type.includes("svg")) {
      entry.preview = URL.createObjectURL(entry.file);
      entry.mark.append(make("img", "", { src: entry.preview, alt: "" }));
    } else entry.mark.append(find("#file-icon .icon").cloneNode(true));
    const about = make("span", "tray-about");
    entry.about = make("span", "tray-state");
    about.append(make("span", "tray-name", { textContent: entry.name, dir: "auto" }), entry.about);
    entry.again = make("button", "text-button", { type: "button", textContent: words("again") });
    entry.again.setAttribute("aria-label", words("againNamed", { name: entry.name }));
    entry.again.onclick = () => start(entry);
    entry.remover = make("button", "icon-button quiet", { type: "button", title: words("remove", { name: entry.name }) });
    entry.remover.setAttribute("aria-label", words("remove", { name: entry.name }));
    entry.remover.append(find("#close-icon .icon").cloneNode(true));
    entry.remover.onclick = () => remove(entry);
    entry.node.append(entry.mark, about, entry.again, entry.remover);
    find("#tray").append(entry.node);
  };

  const show = (entry) => {
    entry.node.dataset.state = entry.state;
    entry.node.style.setProperty("--progress", entry.progress ?? 0);
    entry.about.textContent = entry.state === "failed" ? entry.error : size(entry.bytes);
    entry.again.hidden = !(entry.state === "failed" && entry.canTryAgain);
    find("#tray").hidden = isEmpty();
    form().dataset.files = entries.length;
  };

  const fail = (entry, sentence, again) => {
    Object.assign(entry, { state: "failed", error: sentence, canTryAgain: again && entry.file });
    show(entry);
    announce(sentence);
  };

  const upload = async (entry) => {
    Object.assign(entry, { state: "going", progress: 0 });
    show(entry);
    try {
      const about = await put(entry.file, entry.name, {
        onRequest: (request) => (entry.request = request),
        onProgress: (progress) => {
          entry.progress = progress;
          show(entry);
        },
      });
      Object.assign(entry, { state: "there", token: about.token });
      show(entry);
      announce(words("attached", { name: entry.name }));
      if (!entries.includes(entry)) forget(entry.token); // It was removed in the very last moment.
      keep();
    } catch ({ sentence, again }) {
      fail(entry, sentence ?? words("broken", { name: entry.name }), again ?? true);
    }
    pump();
  };

  const pump = () => {
    const free = atOnce - entries.filter((entry) => entry.state === "going").length;
    entries.filter((entry) => entry.state === "waiting").slice(0, Math.max(0, free)).forEach(upload);
    settle();
  };

  const start = (entry) => {
    const most = Number(form().dataset.fileBytes);
    entry.state = "waiting";
    if (entry.file.size > most)
      fail(entry, words("tooLarge", { name: entry.name, megabytes: Math.floor(most / 1e6) }), false);
    else if (!entry.file.size) fail(entry, words("empty", { name: entry.name }), false);
    else {
      show(entry);
      pump();
    }
  };

  const add = (files) => {
    problem("");
    for (const file of files) {
      const entry = { file, name: file.name, bytes: file.size };
      entries.push(entry);
      build(entry);
      start(entry);
    }
  };

  const forget = (token) => fetch(`/upload/${encodeURIComponent(token)}`, { method: "DELETE" }).catch(() => {});
  const drop = (entry) => {
    const at = entries.indexOf(entry);
    entries = entries.filter((other) => other !== entry);
    if (entry.preview) URL.revokeObjectURL(entry.preview);
    entry.node.remove();
    find("#tray").hidden = isEmpty();
    form().dataset.files = entries.length;
    keep();
    return entries[at] ?? entries[at - 1];
  };
  const remove = (entry) => {
    entry.request?.abort();
    if (entry.token) forget(entry.token);
    const next = drop(entry);
    (next?.remover ?? find("#message")).focus();
    announce(words("removed", { name: entry.name }));
    problem("");
    pump();
  };

  // What was sent leaves the tray; what the server no longer has says so.
  const sent = (gone, path) => {
    sessionStorage.removeItem(storeKey());
    entries.filter((entry) => gone.includes(entry.token)).forEach(drop);
    if (path !== location.pathname) sessionStorage.removeItem(storeKey(path));
  };
  const lost = (gone) => {
    entries.filter((entry) => gone.includes(entry.token)).forEach((entry) => {
      entry.token = undefined;
      fail(entry, words("gone", { name: entry.name }), true);
    });
    keep();
  };

  const restore = () => {
    for (const { token, name, bytes } of JSON.parse(sessionStorage.getItem(storeKey()) ?? "[]")) {
      const entry = { token, name, bytes, state: "there" };
      entries.push(entry);
      build(entry);
      show(entry);
    }
  };

  const brings = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let dragging = 0;
  const endDrag = () => {
    clearTimeout(dragging);
    document.body.classList.remove("dropping");
  };
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    clearTimeout(dragging);
    dragging = setTimeout(endDrag, 600); // Browsers tell again and again while something is held over the page.
    document.body.classList.add("dropping");
  });
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    endDrag();
    add(event.dataTransfer.files);
    find("#message").focus();
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData;
    // What is copied from a text or a sheet brings a picture of itself along, and the text is meant.
    if (!files.length || types.includes("text/plain") || event.target.closest?.("input, .editing")) return;
    event.preventDefault();
    add(files);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-attach]")) find("#files").click();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "files") return;
    add(event.target.files);
    event.target.value = "";
    find("#message").focus();
  });

  return { words, announce, problem, put, settled, isEmpty, sent, lost, restore };
})();

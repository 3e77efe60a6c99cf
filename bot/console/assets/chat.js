// What the chat page does in the browser alone: the composer, following the reply, copying, the drawer, menus, dialogs.
// Everything is delegated from the document, so it keeps working when the server renews a part of the page.
const switchboard = (() => {
  const find = (selector, root = document) => root.querySelector(selector);
  const box = () => find("#message");
  const draftKey = (path = location.pathname) => `draft:${path}`;
  let sending = false;

  const fit = (area) => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  };

  const keep = () => {
    const text = box().value;
    if (text) sessionStorage.setItem(draftKey(), text);
    else sessionStorage.removeItem(draftKey());
  };

  const busy = (is) => {
    sending = is;
    find(".composer").setAttribute("aria-busy", is);
  };

  // The field and the tray are emptied by `accepted` only, when the message is safe. False when nothing is on its way.
  const send = async (emit, voice = null) => {
    if (sending || (!voice && !box().value.trim() && tray.isEmpty())) return false;
    busy(true);
    following = true;
    tray.problem("");
    if (!voice) box().focus();
    const files = await tray.settled();
    if (files) emit({ text: box().value, files, voice });
    else {
      busy(false);
      tray.problem(tray.words("failed"));
    }
    return Boolean(files);
  };

  const keydown = (event, emit) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return; // A phone has a send button.
    event.preventDefault();
    send(emit);
  };

  const accepted = (text, path, files = []) => {
    busy(false);
    following = true;
    recorder.accepted();
    tray.sent(files, path);
    if (box().value === text) box().value = "";
    sessionStorage.removeItem(draftKey());
    if (location.pathname !== path) history.replaceState(history.state, "", path);
    keep();
    fit(box());
    follow();
  };

  const refused = (lost = []) => {
    busy(false);
    recorder.refused(lost);
    tray.lost(lost);
  };

  // Follow the end of the conversation while the reader is there; leave them alone when they have scrolled up.
  // A page on which nothing was said yet is read from its beginning.
  let following = true;
  const follow = () => {
    const view = find("#scroll");
    if (view && following && find(".turn, .notice", view)) view.scrollTop = view.scrollHeight;
  };
  const look = () => {
    const view = find("#scroll");
    following = view.scrollHeight - view.scrollTop - view.clientHeight < 60;
    document.body.classList.toggle("reading-back", !following);
  };

  const copy = async (text, button) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(Object.assign(document.createElement("textarea"), { value: text }));
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.dataset.copied = "true";
    setTimeout(() => delete button.dataset.copied, 1600);
  };

  const drawer = (open) => {
    document.body.classList.toggle("drawer-open", open);
    find(open ? ".side .only-narrow" : ".head .only-narrow")?.focus();
  };

  // Menus and panels are popovers of the browser's own; the button that opened one says what it is about.
  const around = 8;
  let invoker = null;
  const place = (layer) => {
    layer.style.cssText = "";
    if (!invoker?.isConnected || matchMedia("(max-width: 48rem)").matches) return; // A phone has it at its lower edge.
    const at = invoker.getBoundingClientRect();
    const below = innerHeight - at.bottom - 2 * around;
    const up = below < layer.offsetHeight && at.top > innerHeight - at.bottom;
    const room = (up ? at.top : innerHeight - at.bottom) - 2 * around;
    const rtl = getComputedStyle(layer).direction === "rtl";
    const left = rtl ? at.right - layer.offsetWidth : at.left;
    layer.style.maxHeight = `${room}px`;
    layer.style.left = `${Math.max(around, Math.min(left, innerWidth - layer.offsetWidth - around))}px`;
    const height = Math.min(layer.offsetHeight, room);
    layer.style.top = `${up ? at.top - height - around / 2 : at.bottom + around / 2}px`;
  };

  const entries = (layer) => [...layer.querySelectorAll("[role^=menuitem]")].filter((entry) => entry.offsetParent);
  const toggled = (event) => {
    const layer = event.target;
    if (!layer.matches?.("[popover]") || event.newState !== "open") return;
    if (layer.id === "shelf-menu") layer.dataset.archived = invoker.dataset.archived ?? "false";
    place(layer);
    (find("[aria-checked=true]", layer) ?? entries(layer)[0] ?? find("select, input, button", layer))?.focus();
  };

  const step = (event) => {
    const layer = event.target.closest?.("[role=menu]");
    if (!layer || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const all = entries(layer);
    const now = all.indexOf(document.activeElement);
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key];
    all.at(next % all.length)?.focus();
  };

  // The conversation that the open menu or dialog is about.
  const picked = () => Number(invoker.dataset.thread);
  const title = () => find("#rename-to").value;
  const dialog = (id) => {
    const box = find(`#${id}`);
    const field = find("#rename-to", box);
    if (field) field.value = invoker.dataset.title;
    else find(".dialog-name", box).textContent = invoker.dataset.title;
    box.showModal();
    field?.select();
  };

  const download = (link, name) => {
    Object.assign(document.createElement("a"), { href: link, download: name }).click();
  };

  const clicks = {
    "[data-close]": (button) => button.closest("dialog").close(),
    "[data-dialog]": (entry) => {
      entry.closest("[popover]").hidePopover();
      dialog(entry.dataset.dialog);
    },
    "[role^=menuitem]": (entry) => {
      entry.closest("[popover]").hidePopover();
      if (entry.matches("[data-compose]")) box().focus();
    },
    "[data-compose]": () => box().focus(),
    "[data-hide]": (button) => {
      find(`#${button.dataset.hide}`).hidePopover();
      if (document.body.classList.contains("drawer-open")) drawer(false);
    },
    "[data-copy]": (button) => copy(find("pre", button.closest(".code")).textContent, button),
    "[data-copy-reply]": (button) => copy(button.dataset.copyReply, button),
    "[data-copy-bubble]": (button) => {
      const bubbles = [...button.closest(".question").querySelectorAll(".bubble")];
      copy(bubbles.map((bubble) => (find(".heard", bubble) ?? bubble).textContent).join("\n"), button);
    },
    "[data-drawer]": (button) => drawer(button.dataset.drawer === "open"),
    "[data-latest]": () => {
      following = true;
      follow();
    },
    "[data-more]": (button) => {
      const bubble = find(".bubble", button.closest(".question"));
      const whole = bubble.toggleAttribute("data-whole");
      [button.textContent, button.dataset.more] = [button.dataset.more, button.textContent];
      button.setAttribute("aria-expanded", whole);
    },
  };

  const click = (event) => {
    for (const [selector, act] of Object.entries(clicks)) {
      const button = event.target.closest?.(selector);
      if (button) return act(button);
    }
  };

  const escape = (event) => {
    if (event.key !== "Escape" || find("dialog[open], :popover-open")) return; // The browser closes those itself.
    if (event.target.matches?.("input[type=search]")) return;
    const editing = event.target.closest?.(".editing");
    if (editing) find("[data-escape]", editing).click();
    else if (recorder.isOpen()) recorder.cancel();
    else if (document.body.classList.contains("drawer-open")) drawer(false);
    else find("button.stop:not(.hidden)")?.click();
  };

  const submitEdit = (event) => {
    const editing = event.target.closest?.(".editing textarea") && event.target.closest(".editing");
    if (!editing || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find("[data-submit]", editing).click();
  };

  const appear = () => {
    const fresh = find("textarea[data-focus]:not([data-seen])");
    if (fresh) {
      fresh.dataset.seen = "true";
      fit(fresh);
      fresh.focus();
      fresh.setSelectionRange(fresh.value.length, fresh.value.length);
    }
    follow();
  };

  const begin = () => {
    const draft = sessionStorage.getItem(draftKey());
    if (draft && !box().value) box().value = draft;
    fit(box());
    tray.restore();
    recorder.explain();
    if (!matchMedia("(pointer: coarse)").matches) box().focus();
    find("#scroll").addEventListener("scroll", look, { passive: true });
    new MutationObserver(appear).observe(find("#column"), { childList: true, subtree: true, characterData: true });
    new ResizeObserver(follow).observe(find("#column"));
    follow();
    document.body.dataset.ready = "true";
  };

  const remember = (event) => {
    const button = event.target.closest?.("[popovertarget]");
    if (button && button.getAttribute("popovertargetaction") !== "hide") invoker = button;
  };

  document.addEventListener("click", remember, true);
  document.addEventListener("click", click);
  document.addEventListener("toggle", toggled, true);
  document.addEventListener("close", () => invoker?.focus(), true);
  document.addEventListener("keydown", step);
  document.addEventListener("keydown", escape);
  document.addEventListener("keydown", submitEdit);
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea")) fit(event.target);
    if (event.target === box()) keep();
  });
  const wait = new MutationObserver(() => {
    if (!find("#column") || !box()) return;
    wait.disconnect();
    begin();
  });
  wait.observe(document.documentElement, { childList: true, subtree: true });

  const record = (emit) => recorder.start(emit);

  return { send, keydown, record, accepted, refused, picked, title, download };
})();
window.switchboard = switchboard;

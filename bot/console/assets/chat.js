// What the chat page does in the browser alone: the composer, following the reply, copying, the drawer.
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

  // The field is emptied by `accepted` only, when the message is safe.
  const send = (emit) => {
    const text = box().value;
    if (!text.trim() || sending) return;
    sending = true;
    following = true;
    emit(text);
    box().focus();
  };

  const keydown = (event, emit) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return; // A phone has a send button.
    event.preventDefault();
    send(emit);
  };

  const accepted = (text, path) => {
    sending = false;
    following = true;
    if (box().value === text) box().value = "";
    sessionStorage.removeItem(draftKey());
    if (location.pathname !== path) history.replaceState(history.state, "", path);
    keep();
    fit(box());
    follow();
  };

  const refused = () => {
    sending = false;
  };

  // Follow the end of the conversation while the reader is there; leave them alone when they have scrolled up.
  let following = true;
  const follow = () => {
    const view = find("#scroll");
    if (view && following) view.scrollTop = view.scrollHeight;
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

  const clicks = {
    "[data-copy]": (button) => copy(find("pre", button.closest(".code")).textContent, button),
    "[data-copy-reply]": (button) => copy(button.dataset.copyReply, button),
    "[data-copy-bubble]": (button) => copy(find(".bubble", button.closest(".question")).textContent, button),
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
    if (event.key !== "Escape") return;
    const editing = event.target.closest?.(".editing");
    if (editing) find("[data-escape]", editing).click();
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
    if (!matchMedia("(pointer: coarse)").matches) box().focus();
    find("#scroll").addEventListener("scroll", look, { passive: true });
    new MutationObserver(appear).observe(find("#column"), { childList: true, subtree: true, characterData: true });
    new ResizeObserver(follow).observe(find("#column"));
    follow();
    document.body.dataset.ready = "true";
  };

  document.addEventListener("click", click);
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

  return { send, keydown, accepted, refused };
})();
window.switchboard = switchboard;

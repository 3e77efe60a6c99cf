// The browser's microphone: pressed to begin, sent at once when it is pressed again, and given up with Escape.
const recorder = (() => {
  const forms = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
  const bars = 140; // As many as fit; the oldest are hidden first.
  const find = (selector) => document.querySelector(selector);
  // idle → asking → recording → stopped (it may be sent or given up) → sending → idle
  let state = "idle";
  let now = null; // Of the recording: what records, what it gave, since when, where it goes.

  const become = (next) => {
    state = next;
    document.body.dataset.recorder = next;
    const isOpen = next !== "idle" && next !== "asking";
    find("#recorder").hidden = !isOpen;
    find(".composer").classList.toggle("records", isOpen);
    find("#recorder-send").disabled = next === "sending";
    find("#recorder-send").setAttribute("aria-busy", next === "sending");
  };

  const hush = () => {
    clearInterval(now?.ticking);
    now?.stream?.getTracks().forEach((track) => track.stop());
    now?.context?.close();
    if (now) now.context = null;
  };

  const longest = () => Number(find(".composer").dataset.voiceSeconds);

  const show = (seconds) => {
    const whole = Math.floor(seconds);
    find("#recorder-time").textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  const tick = () => {
    const seconds = (performance.now() - now.began) / 1000;
    show(seconds);
    now.analyser.getByteTimeDomainData(now.wave);
    const loud = Math.max(...now.wave.map((value) => Math.abs(value - 128))) / 128;
    const level = find("#recorder-level");
    level.append(level.firstChild ?? document.createElement("i"));
    level.lastChild.style.setProperty("--loud", Math.max(0.06, Math.min(1, loud * 1.6)).toFixed(2));
    if (seconds < longest()) return;
    tray.announce(tray.words("full"));
    tray.problem(tray.words("full"));
    stop();
  };

  // Empty where there is a microphone, as far as anybody knows before it is asked for.
  const missing = () => {
    if (!navigator.mediaDevices?.getUserMedia) return isSecureContext ? "micUnsupported" : "micInsecure";
    return forms.some((type) => window.MediaRecorder?.isTypeSupported(type)) ? "" : "micUnsupported";
  };
  const explain = () => {
    const button = find("#microphone");
    if (!button || !missing()) return;
    button.title = tray.words(missing());
    button.classList.add("unavailable");
  };

  const why = (error) => {
    if (error.name === "NotAllowedError" || error.name === "SecurityError") return "micDenied";
    return error.name === "NotFoundError" ? "micMissing" : "micBroken";
  };

  const start = async (emit) => {
    if (state !== "idle") return;
    tray.problem("");
    if (missing()) return tray.problem(tray.words(missing()));
    const form = forms.find((type) => MediaRecorder.isTypeSupported(type));
    become("asking");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      now = { emit, stream, form, pieces: [], token: null };
      listen();
    } catch (error) {
      hush();
      become("idle");
      tray.problem(tray.words(why(error)));
    }
  };

  const listen = () => {
    now.context = new AudioContext();
    now.analyser = Object.assign(now.context.createAnalyser(), { fftSize: 512 });
    now.wave = new Uint8Array(now.analyser.fftSize);
    now.context.createMediaStreamSource(now.stream).connect(now.analyser);
    now.recorder = new MediaRecorder(now.stream, { mimeType: now.form, audioBitsPerSecond: 32_000 });
    const { pieces } = now;
    now.recorder.ondataavailable = (event) => pieces.push(event.data);
    now.recorder.start(1_000);
    now.began = performance.now();
    now.ticking = setInterval(tick, 100);
    find("#recorder-level").replaceChildren(...Array.from({ length: bars }, () => document.createElement("i")));
    show(0);
    become("recording");
    find("#recorder-send").focus();
    tray.announce(tray.words("recording"));
  };

  // Resolves when the last piece is there.
  const stop = () => {
    if (state !== "recording") return Promise.resolve();
    // It ends by itself a moment after the limit, and is as long as it may be then.
    now.seconds = Math.min((performance.now() - now.began) / 1000, longest());
    become("stopped");
    const ended = new Promise((resolve) => now.recorder.addEventListener("stop", resolve, { once: true }));
    now.recorder.stop();
    hush();
    return (now.ended = ended);
  };

  const send = async () => {
    if (state !== "recording" && state !== "stopped") return;
    await (state === "recording" ? stop() : now.ended);
    if (state !== "stopped") return;
    become("sending");
    tray.problem("");
    try {
      const content = new Blob(now.pieces, { type: now.form });
      const name = `voice.${now.form.split(/[/;]/)[1]}`;
      now.token ??= (await tray.put(content, name)).token;
      const isOnItsWay = await switchboard.send(now.emit, { token: now.token, seconds: now.seconds });
      if (!isOnItsWay) refused();
    } catch ({ sentence }) {
      refused();
      tray.problem(sentence ?? tray.words("micBroken"));
    }
  };

  const cancel = () => {
    if (now?.token) fetch(`/upload/${encodeURIComponent(now.token)}`, { method: "DELETE" }).catch(() => {});
    if (state === "recording") now.recorder.stop();
    end();
    tray.problem("");
    tray.announce(tray.words("cancelled"));
    find("#microphone").focus();
  };

  const end = () => {
    hush();
    now = null;
    become("idle");
  };
  const accepted = () => {
    if (state !== "sending") return;
    end();
    find("#message").focus();
  };
  const refused = (lost = []) => {
    if (state !== "sending") return;
    if (lost.includes(now.token)) now.token = null; // It is uploaded once more when it is sent again.
    become("stopped");
  };
  const isOpen = () => state === "recording" || state === "stopped";

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#recorder-send")) send();
    if (event.target.closest?.("#recorder-cancel") && isOpen()) cancel();
  });

  return { start, cancel, accepted, refused, isOpen, explain };
})();

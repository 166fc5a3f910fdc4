// Search in pages that are opened from disk: there, browsers refuse workers, so a hidden frame runs the script.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    #frame = document.createElement("iframe");
    #ready;

    constructor(address) {
      super();
      this.#frame.hidden = true;
      this.#ready = new Promise((resolve) => {
        this.#frame.addEventListener("load", resolve, { once: true });
      }).then(() => {
        const inside = this.#frame.contentWindow;
        inside.postMessage = (data) => {
          this.dispatchEvent(new MessageEvent("message", { data }));
        };
        inside.importScripts = (...sources) =>
          sources.reduce(
            (before, source) => before.then(() => this.#load(source)),
            Promise.resolve(),
          );
        return this.#load(address);
      });
      document.body.append(this.#frame);
    }

    #load(source) {
      return new Promise((resolve, reject) => {
        const script = this.#frame.contentDocument.createElement("script");
        script.src = new URL(source, document.baseURI).href;
        script.addEventListener("load", resolve);
        script.addEventListener("error", reject);
        this.#frame.contentDocument.body.append(script);
      });
    }

    postMessage(data) {
      this.#ready.then(() => {
        this.#frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
      });
    }

    terminate() {
      this.#frame.remove();
    }
  };

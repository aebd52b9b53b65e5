// Search without a server: browsers start no worker for a page that was opened from disk, so its script runs in a hidden frame of the page.
// The name of this file keeps MkDocs' plugin from asking a network for a script that does the same.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      const inner = frame.contentWindow;
      inner.postMessage = data => this.dispatchEvent(new MessageEvent("message", {data}));
      this.inner = new Promise(loaded => {
        const script = frame.contentDocument.createElement("script");
        script.src = new URL(url, document.baseURI).href;
        script.onload = () => loaded(inner);
        frame.contentDocument.body.appendChild(script);
      });
    }
    postMessage(data) {
      this.inner.then(inner => inner.dispatchEvent(new inner.MessageEvent("message", {data})));
    }
    terminate() {}
  };
}

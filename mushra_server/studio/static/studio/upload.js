// An upload that is not sent in vain, says how far it is, and leaves the page as it is if it is refused.

const GIB = 2 ** 30;

/** @param {HTMLInputElement} input */
function refuseTooMuch(input) {
  const files = [...(input.files ?? [])];
  const [mostGib, mostFiles] = [Number(input.dataset.maxGib), Number(input.dataset.maxFiles)];
  const gib = files.reduce((sum, file) => sum + file.size, 0) / GIB;
  let problem = "";
  if (gib > mostGib)
    problem = `This has ${gib.toFixed(2)} GiB; expected at most ${mostGib}. Choose fewer or shorter sounds.`;
  else if (files.length > mostFiles)
    problem = `These are ${files.length} files; expected at most ${mostFiles}. Choose fewer.`;
  input.setCustomValidity(problem);
  input.reportValidity();
}

/** @param {HTMLFormElement} form */
function send(form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const bar = document.createElement("progress");
  const status = document.createElement("p");
  form.querySelectorAll("progress, p").forEach((one) => one.remove());
  bar.setAttribute("aria-label", "Uploading");
  status.setAttribute("role", "status");
  form.append(bar, status);
  const request = new XMLHttpRequest();

  /** @param {string} sentence */
  const fail = (sentence) => {
    bar.remove();
    button.disabled = false;
    status.className = "bad";
    status.setAttribute("role", "alert");
    status.textContent = sentence;
  };
  request.upload.onprogress = ({ loaded, total }) => {
    bar.max = total;
    bar.value = loaded;
    status.textContent =
      loaded < total ? `${Math.floor((100 * loaded) / total)} % sent` : "Reading the sounds";
  };
  request.onload = () => {
    if (request.status < 400) return location.assign(request.responseURL);
    if (request.status === 507)
      return fail("The disk of the studio is nearly full; tell its administrator.");
    if (request.status === 503)
      return fail("Too many uploads are arriving; try again in a few minutes.");
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    fail(
      page.querySelector("[role=alert]")?.textContent ??
        `The upload failed: error ${request.status}.`,
    );
  };
  request.onerror = () =>
    fail(
      "The upload broke off; nothing was changed. Check the connection and the size, and try again.",
    );
  button.disabled = true;
  request.open("POST", form.action);
  request.send(new FormData(form));
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (
  document.querySelectorAll("form.upload")
)) {
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  input.addEventListener("change", () => refuseTooMuch(input));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// The upload page with a script: a file can be dropped, and the page shows how much of it has arrived. Without the
// script the form is sent as any other.
const form = document.querySelector("form.upload");
const field = form.querySelector("input[type=file]");
const drop = form.querySelector(".drop");
const transfer = form.querySelector(".transfer");
const bar = transfer.querySelector("progress");
const words = transfer.querySelector("span");

for (const each of form.querySelectorAll(".scripted")) each.hidden = false;

function told(text) {
  let notice = document.getElementById("problem");
  if (!notice) {
    notice = document.createElement("p");
    notice.id = "problem";
    notice.className = "notice";
    notice.setAttribute("role", "alert");
    form.before(notice);
  }
  notice.textContent = text;
  field.setAttribute("aria-describedby", "problem");
}

function send() {
  const file = field.files[0];
  if (!file || form.dataset.busy) return;
  if (file.size > Number(form.dataset.most)) {
    told(form.dataset.tooBig);
    return;
  }
  form.dataset.busy = "yes";
  transfer.hidden = false;
  words.textContent = "Uploading…";
  const request = new XMLHttpRequest();
  request.upload.onprogress = (event) => {
    if (!event.lengthComputable) return;
    const share = Math.floor((100 * event.loaded) / event.total);
    bar.value = share;
    words.textContent = share < 100 ? "Uploading…" : "Looking at the file…";
  };
  // Whatever the answer is, the page knows what to show next.
  request.onload = () => location.replace(form.action);
  request.onerror = () => {
    delete form.dataset.busy;
    transfer.hidden = true;
    told("The upload was interrupted. Check your connection, and try again.");
  };
  request.open("POST", form.action);
  // The file comes last, and the answer is not to be a redirect: it may lead to the application.
  const fields = new FormData();
  fields.append("token", form.elements.token.value);
  fields.append("script", "yes");
  fields.append("file", file);
  request.send(fields);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

// A file that misses the frame must not replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
document.addEventListener("dragover", () => drop.classList.add("over"));
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  field.files = one.files;
  send();
});

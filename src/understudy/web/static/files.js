// An input that takes pictures: chosen, dropped, pasted, by address, or the sample; each with its preview.

const NO_PICTURE = "That is no picture. Take a JPEG, PNG or WebP file, or the address of one that begins with https://";

export class FileInput {
  #box;
  #changed;
  #list;
  #wrong;
  #most;
  #largest;
  #chosen = []; // files and addresses, in order

  constructor(box, largest, changed) {
    this.#box = box;
    this.#changed = changed;
    this.#largest = largest;
    this.#list = box.querySelector(".chosen");
    this.#wrong = box.querySelector(".wrong");
    this.#most = Number(box.dataset.most);
    const picker = box.querySelector('input[type="file"]');
    picker.addEventListener("change", () => {
      this.#offer([...picker.files]);
      picker.value = "";
    });
    const address = box.querySelector("[data-address]");
    const take = () => {
      const text = address.value.trim();
      if (!text) return this.#say("");
      if (!isAddress(text)) return this.#say(NO_PICTURE);
      this.#add([text]);
      address.value = "";
    };
    address.addEventListener("change", take);
    address.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      take();
    });
    box.querySelector("[data-sample]")?.addEventListener("click", (event) => this.#add([event.target.dataset.sample]));
    for (const kind of ["dragenter", "dragover"]) box.addEventListener(kind, (event) => this.#over(event, true));
    for (const kind of ["dragleave", "drop"]) box.addEventListener(kind, (event) => this.#over(event, false));
    box.addEventListener("drop", (event) => this.take(event.dataTransfer));
    box.addEventListener("paste", (event) => {
      // Any other text is for the field that it is pasted into.
      if (!event.clipboardData.files.length && !isAddress(textOf(event.clipboardData))) return;
      event.preventDefault();
      this.take(event.clipboardData);
    });
    this.#chosen = [...this.#list.children].map((item) => item.dataset.url);
    this.#show();
  }

  set(chosen) {
    this.#chosen = [...chosen];
    this.#say("");
    this.#show();
  }

  // What was dropped or pasted.
  take(given) {
    const text = textOf(given);
    if (given.files.length) this.#offer([...given.files]);
    else if (isAddress(text)) this.#add([text]);
    else this.#say(NO_PICTURE);
  }

  // For a question about the inputs: addresses, and names of files after an @.
  described() {
    return this.#chosen.map((each) => (typeof each === "string" ? absolute(each) : `@${each.name}`));
  }

  append(body, name) {
    for (const each of this.#chosen) {
      if (typeof each === "string") body.append(name, absolute(each));
      else body.append(name, each, each.name);
    }
  }

  #over(event, inside) {
    event.preventDefault();
    this.#box.classList.toggle("over", inside);
  }

  #offer(found) {
    const pictures = found.filter((file) => file.type.startsWith("image/"));
    const small = pictures.filter((file) => file.size <= this.#largest);
    this.#add(small);
    const large = pictures.find((file) => file.size > this.#largest);
    if (large) this.#say(`${large.name} has ${megabytes(large.size)}; a picture may have up to ${megabytes(this.#largest)}. Make it smaller.`);
    else if (pictures.length < found.length) this.#say(NO_PICTURE);
  }

  #add(found) {
    if (!found.length) return;
    const all = [...this.#chosen, ...found];
    this.#chosen = all.slice(-this.#most);
    this.#say(this.#most > 1 && all.length > this.#most ? `Up to ${this.#most} pictures go in here: these are the last ones.` : "");
    this.#show();
    this.#changed();
  }

  #say(text) {
    this.#wrong.textContent = text;
    this.#wrong.hidden = !text;
  }

  #show() {
    for (const image of this.#list.querySelectorAll("img")) if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    this.#list.replaceChildren(...this.#chosen.map((each, place) => this.#item(each, place)));
  }

  #item(each, place) {
    const item = document.createElement("li");
    const name = typeof each === "string" ? nameOf(each) : each.name;
    const foreign = typeof each === "string" && new URL(each, location.href).origin !== location.origin;
    if (!foreign) {
      const image = document.createElement("img");
      image.src = typeof each === "string" ? each : URL.createObjectURL(each);
      image.alt = "";
      image.addEventListener("error", () => {
        if (!image.isConnected) return;
        image.remove();
        this.#say(`${name} cannot be shown: it may be broken, or no picture at all.`);
      });
      item.append(image);
    }
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = foreign ? each : name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => {
      this.#chosen.splice(place, 1);
      this.#say("");
      this.#show();
      this.#changed();
      (this.#list.querySelectorAll("button")[place] ?? this.#box.querySelector('input[type="file"]')).focus();
    });
    item.append(label, remove);
    return item;
  }
}

function textOf(given) {
  return (given.getData("text/uri-list") || given.getData("text/plain")).trim();
}

function isAddress(text) {
  return /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
}

function nameOf(address) {
  const name = address.split("/").pop().split("?")[0];
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function megabytes(size) {
  return `${(size / 1e6).toFixed(1).replace(".0", "")} MB`;
}

function absolute(address) {
  return new URL(address, location.href).href;
}

// <farthing-button offer="off_…"> sells one of your offers. It shows the price in
// words, and opens the provider's page that asks the reader. It carries the offer's
// id and nothing else: price, title and address stand at the provider.
//
//   offer     the offer's id
//   label     what the button says; {price} stands for the price. "Buy for {price}"
//   tracking  your own words, which come back with the order; readers can change them
//   session   names this browser's session at your site: see "Tickets and views" in the API guide
//   provider  where the provider is, if this file does not come from there
//
// What stands inside the element is shown until the price is known, and where this file
// does not run: put a plain form there. Colours: --farthing-button-back, --farthing-button-ink;
// anything else: ::part(button).

const home = new URL(import.meta.url).origin;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { display: inline-block; max-width: 100%; }
:host([hidden]) { display: none; }
form { margin: 0; }
button {
  font: inherit; font-weight: 600; line-height: 1.3; text-align: center; cursor: pointer;
  min-height: 2.75rem; max-width: 100%; margin: 0; padding: 0.5rem 1.125rem;
  border: 1px solid transparent; border-radius: 3px;
  background: var(--farthing-button-back, #0b5a48); color: var(--farthing-button-ink, #ffffff);
}
@supports (color: light-dark(#000, #fff)) {
  button {
    background: var(--farthing-button-back, light-dark(#0b5a48, #79cdb0));
    color: var(--farthing-button-ink, light-dark(#ffffff, #08231b));
  }
}
button:hover { text-decoration: underline; text-underline-offset: 0.2em; }
button:focus-visible { outline: 2px solid currentColor; outline-offset: -5px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`);

/** The price in words, in the page's language: "0.25 US dollars". */
function words(price, currency, language) {
  const style = { style: "currency", currency, currencyDisplay: "name", minimumFractionDigits: price.includes(".") ? 2 : 0, maximumFractionDigits: 6 };
  try {
    return new Intl.NumberFormat(language || undefined, style).format(price);
  } catch {
    return price + " " + currency;
  }
}

class FarthingButton extends HTMLElement {
  static observedAttributes = ["offer", "label", "tracking", "session", "provider"];

  #drawn = 0; // which drawing is the newest: a slow answer to an earlier one is dropped

  constructor() {
    super();
    this.attachShadow({ mode: "open", delegatesFocus: true }).adoptedStyleSheets = [sheet];
  }

  connectedCallback() { this.#draw(); }

  attributeChangedCallback(_name, before, after) {
    if (this.isConnected && before !== after) this.#draw();
  }

  async #draw() {
    const drawing = ++this.#drawn;
    const offer = this.getAttribute("offer") ?? "";
    const known = /^off_[0-9a-z]+$/.test(offer);
    const page = (this.getAttribute("provider") ?? home) + "/buy/" + offer;
    if (this.childElementCount || !known) this.shadowRoot.replaceChildren(document.createElement("slot"));
    else this.#show(page, "Buy");
    if (!known) return;
    let found;
    try {
      const answer = await fetch(page + "/price", { credentials: "omit", referrerPolicy: "no-referrer" });
      if (!answer.ok) return; // the page that asks says why, or the price
      found = await answer.json();
    } catch {
      return;
    }
    if (drawing !== this.#drawn) return;
    const text = this.getAttribute("label") ?? "Buy for {price}";
    this.#show(page, text.replace("{price}", words(found.price, found.currency, this.closest("[lang]")?.lang)), found.title);
    this.dispatchEvent(new Event("farthing-ready", { bubbles: true }));
  }

  /** Shows a form with one button. Its name begins with what it says, and ends with the title. */
  #show(page, text, title) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = page;
    for (const name of ["tracking", "session"].filter((name) => this.hasAttribute(name))) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = this.getAttribute(name);
      form.append(field);
    }
    const button = document.createElement("button");
    button.setAttribute("part", "button");
    button.textContent = text;
    if (title) {
      const rest = document.createElement("span");
      rest.className = "unseen";
      rest.textContent = ": " + title;
      button.append(rest);
    }
    form.append(button);
    this.shadowRoot.replaceChildren(form);
  }
}

if (!customElements.get("farthing-button")) customElements.define("farthing-button", FarthingButton);

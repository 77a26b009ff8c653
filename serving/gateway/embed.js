// Puts the assistant into a page: a button, and a frame that it opens. The page
// needs to allow scripts and frames of this server, and nothing else: what is
// drawn here is styled by a sheet of its own, out of reach of the page's.
(() => {
  const script = document.currentScript
  if (!script || !script.dataset.key || window.tilgateEmbedded) return
  window.tilgateEmbedded = true
  const server = new URL(script.src).origin
  const labels = LABELS // by language: what the button says, and which way that runs
  const tag = (document.documentElement.lang || navigator.language).toLowerCase()
  const [label, dir] = labels[tag] || labels[tag.split('-')[0]] || labels.en
  const address = server + '/embed?key=' + encodeURIComponent(script.dataset.key) + '&lang=' + encodeURIComponent(tag)

  const make = (name, set) => Object.assign(document.createElement(name), set)
  const text = script.dataset.label || label
  const words = { textContent: text, dir: script.dataset.label ? 'auto' : dir }

  // Whether it is open is kept while the tab is; browsers may forbid it.
  const recall = () => { try { return sessionStorage.getItem('tilgate.open') } catch { return null } }
  const note = open => { try { sessionStorage.setItem('tilgate.open', open ? '1' : '') } catch { /* it is forgotten */ } }

  const css = `
:host { all: initial !important; position: fixed !important; z-index: 2147483000 !important; inset-block-end: 1em !important; inset-inline-end: 1em !important; font: 600 medium/1.4 system-ui, sans-serif !important; }
button { box-sizing: border-box; max-width: calc(100vw - 2em); }
button { display: block; margin-inline-start: auto; min-height: 44px; padding: .6em 1.2em; border: 2px solid #fff; border-radius: 999px; background: #0b6b62; color: #fff; font: inherit; cursor: pointer; }
button[aria-expanded=true]::after { content: "\\00a0\\00a0\\2715"; }
:focus-visible { outline: 3px solid #0b6b62; outline-offset: 2px; }
iframe { display: block; box-sizing: border-box; width: min(26em, 100vw - 2em); height: min(var(--height, 24em), 100vh - 6em); margin-block-end: .6em; border: 1px solid #76858b; border-radius: .8em; background: #f5f6f3; color-scheme: light dark; box-shadow: 0 .3em 1.5em #0004; }
[hidden] { display: none; }
@media (forced-colors: active) { button { border-color: ButtonText; } }
@media print { :host { display: none !important; } }`

  function begin () {
    const host = make('div', { id: 'tilgate-assistant' })
    host.dir = getComputedStyle(document.documentElement).direction
    document.body.append(host)
    if (!('adoptedStyleSheets' in document) || !host.attachShadow) { // an old browser: a link will do
      host.append(make('a', { href: address, target: '_blank', rel: 'noopener', ...words }))
      return
    }
    const root = host.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    const button = make('button', { type: 'button', ...words })
    button.lang = script.dataset.label ? '' : tag
    root.append(button)
    let frame = null

    function show (open, focus) {
      if (open && !frame) {
        frame = make('iframe', { title: text, src: address, allow: 'clipboard-write' })
        frame.addEventListener('load', () => frame.contentWindow.postMessage({ tilgate: 'hello', focus }, server))
        button.before(frame)
      }
      if (frame) frame.hidden = !open
      button.setAttribute('aria-expanded', String(open))
      if (focus) (open ? frame : button).focus()
      note(open)
    }
    button.addEventListener('click', () => show(!frame || frame.hidden, true))
    root.addEventListener('keydown', e => { if (e.key === 'Escape' && frame && !frame.hidden) show(false, true) })
    window.addEventListener('message', e => {
      if (!frame || e.origin !== server || e.source !== frame.contentWindow || !e.data) return
      if (e.data.tilgate === 'close') show(false, true)
      if (e.data.tilgate === 'height' && e.data.height > 0) host.style.setProperty('--height', Math.min(Math.max(e.data.height, 320), 720) + 'px')
    })
    show(recall() === '1', false)
  }
  if (document.body) begin()
  else document.addEventListener('DOMContentLoaded', begin)
})()

// What the page does more in a frame on somebody else's: it shows its key, since
// browsers keep cookies from frames, and tells the page around it, if it is one
// of those that the key is for, how tall it is, and that Escape was pressed.
(() => {
  const { origins, session } = document.currentScript.dataset
  const key = new URLSearchParams(location.search).get('key')
  const send = window.fetch
  window.fetch = (path, options = {}) => send(path === '/ask' ? '/embed' : path,
    { ...options, headers: { ...options.headers, Authorization: 'Bearer ' + key, 'X-Tilgate-Session': session } })

  let around = '' // the origin of the page around this one
  const tell = message => { if (around) parent.postMessage(message, around) }
  const measure = () => tell({ tilgate: 'height', height: Math.ceil(document.body.getBoundingClientRect().height) + 2 })
  window.addEventListener('message', e => {
    if (e.source !== parent || parent === window || !origins.split(' ').includes(e.origin) || !e.data || e.data.tilgate !== 'hello') return
    around = e.origin
    new ResizeObserver(measure).observe(document.body)
    if (e.data.focus) document.getElementById('question')?.focus()
  })
  document.addEventListener('keydown', e => { if (e.key === 'Escape' && !e.isComposing) tell({ tilgate: 'close' }) })
  document.addEventListener('click', e => { // a source would not open in the frame
    const a = e.target.closest('a[href^="http"]')
    if (a && parent !== window) a.target = '_blank'
  })
})()

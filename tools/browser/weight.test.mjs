// What the first load weighs, and how long people wait for it on a telephone
// far from everything: 64 kbit/s, 800 ms.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composer, control, entrance, open, phone, questions, send } from './lib.mjs'

const most = 40_000 // bytes

test('the first load', async t => {
  const page = await open(t, { ...phone, path: '' })
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  const files = new Map()
  network.on('Network.responseReceived', ({ requestId, response }) => files.set(requestId, { url: response.url, encoding: response.headers['content-encoding'] ?? response.headers['Content-Encoding'] ?? 'plain' }))
  let bytes = 0
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength
    const { url, encoding } = files.get(requestId) ?? {}
    console.log(`${encodedDataLength} bytes (${encoding}) ${new URL(url ?? 'about:blank').pathname}`)
  })
  await page.goto(entrance, { waitUntil: 'networkidle' })
  console.log(`first load: ${bytes} bytes, headers included`)
  assert.ok(bytes > 0 && bytes < most, `${bytes} bytes, of at most ${most}`)
})

test('64 kbit/s and 800 ms', async t => {
  const page = await open(t, { ...phone, path: '' })
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 800, downloadThroughput: 8000, uploadThroughput: 8000 })
  let start = performance.now()
  await page.goto(entrance, { waitUntil: 'commit' })
  await composer(page).fill('а')
  const usable = performance.now() - start
  await control('say', { Text: 'Аялдар 58 жашында пенсияга чыга алат [1]. '.repeat(3), Pause: 50 })
  await page.waitForLoadState('load')
  const loaded = performance.now() - start
  start = performance.now()
  await send(page, questions.ky.text)
  await page.getByText('58 жашында пенсияга чыга алат').first().waitFor()
  const said = performance.now() - start
  console.log(`composer usable after ${usable.toFixed()} ms, all loaded after ${loaded.toFixed()} ms, first text of an answer ${said.toFixed()} ms after asking`)
  assert.ok(usable < 8000 && said < 8000)
})

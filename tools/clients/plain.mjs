// Asks plain models, on a model server behind Tilgate, and Tilgate itself with
// stock clients: node plain.mjs BASE KEY MODEL EMBEDDER
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { Ollama } from 'ollama'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'

const [base, apiKey, model, embedder] = process.argv.slice(2)
const question = 'Аялдар канча жаштан пенсияга чыгат?'
const messages = [{ role: 'user', content: question }]
const weather = { name: 'weather', description: 'tells the weather', parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] } }
const schema = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'], additionalProperties: false }

async function openai() {
  const client = new OpenAI({ baseURL: base + '/v1', apiKey, maxRetries: 0 })
  const ask = more => client.chat.completions.create({ model, messages, max_tokens: 24, seed: 4, temperature: 0, ...more })
  const whole = await ask({ logprobs: true, top_logprobs: 2 })
  assert.ok(whole.choices[0].message.content)
  assert.ok(whole.choices[0].logprobs.content[0].top_logprobs.length === 2)
  assert.ok(whole.usage.completion_tokens > 0)
  let text = '', usage
  for await (const chunk of await ask({ stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  assert.equal(text, whole.choices[0].message.content)
  assert.ok(usage.total_tokens > 0)
  await ask({ tools: [{ type: 'function', function: weather }] })
  const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } }
  const json = await ask({ max_tokens: 2000, response_format: format })
  assert.equal(typeof JSON.parse(json.choices[0].message.content).sure, 'boolean')
  const texts = await client.completions.create({ model, prompt: ['Бишкек', 'Ош'], max_tokens: 8 })
  assert.deepEqual(texts.choices.map(c => c.index), [0, 1])
  const vectors = await client.embeddings.create({ model: embedder, input: ['Бишкек', 'Ош'] })
  assert.equal(vectors.data.length, 2)
  assert.ok(vectors.data[0].embedding.length > 1)
  const names = []
  for await (const one of client.models.list()) names.push(one.id)
  assert.ok(names.some(name => name.startsWith(model)), String(names))
  await assert.rejects(ask({ n: 3 }), OpenAI.BadRequestError)
  await assert.rejects(ask({ model: 'no-such' }), OpenAI.NotFoundError)
  return 'openai'
}

async function ollama() {
  const client = new Ollama({ host: base, headers: { Authorization: 'Bearer ' + apiKey } })
  const options = { num_predict: 16, seed: 4, temperature: 0 }
  const whole = await client.chat({ model, messages, options })
  assert.ok(whole.done && whole.message.content && whole.eval_count > 0)
  let text = ''
  for await (const part of await client.chat({ model, messages, options, stream: true })) text += part.message.content
  assert.equal(text, whole.message.content)
  assert.ok((await client.generate({ model, prompt: 'Бишкек', options })).response)
  assert.equal((await client.embed({ model: embedder, input: ['Бишкек', 'Ош'] })).embeddings.length, 2)
  const { models } = await client.list()
  assert.ok(models.some(m => m.name.startsWith(model)) && models.some(m => m.name === 'auto:ky'), JSON.stringify(models))
  assert.ok((await client.show({ model })).details.family)
  assert.ok(Array.isArray((await client.ps()).models))
  assert.match((await client.version()).version, /^\d+\.\d+/)
  await assert.rejects(client.chat({ model: 'no-such', messages }), /no-such/)
  await assert.rejects(client.pull({ model: 'x' }), /operator/)
  for (const name of ['auto', 'auto:ky']) {
    const answer = await client.chat({ model: name, messages })
    assert.ok(answer.done && answer.message.content.length > 0)
    assert.equal(answer.tilgate.language.tag, 'ky')
    let streamed = ''
    for await (const part of await client.generate({ model: name, prompt: question, stream: true })) streamed += part.response
    assert.ok(streamed.length > 0)
  }
  return 'ollama'
}

async function langchain() {
  const configuration = { baseURL: base + '/v1' }
  const chat = (name, more = {}) => new ChatOpenAI({ model: name, apiKey, configuration, maxRetries: 0, ...more })
  for (const name of [model, 'auto', 'auto:ky']) {
    const limits = name === model ? { maxTokens: 24, temperature: 0 } : {}
    assert.ok((await chat(name, limits).invoke(question)).content.length > 0)
    let text = ''
    for await (const chunk of await chat(name, limits).stream(question)) text += chunk.content
    assert.ok(text.length > 0)
  }
  await chat(model, { maxTokens: 24 }).bindTools([{ type: 'function', function: weather }]).invoke(question)
  const structured = chat(model, { maxTokens: 2000 }).withStructuredOutput(schema, { name: 'answer', method: 'jsonSchema' })
  assert.equal(typeof (await structured.invoke(question)).sure, 'boolean')
  const vectors = await new OpenAIEmbeddings({ model: embedder, apiKey, configuration, maxRetries: 0 }).embedDocuments(['Бишкек', 'Ош'])
  assert.equal(vectors.length, 2)
  return '@langchain/openai'
}

for (const client of [openai, ollama, langchain]) console.log(`${await client()}: well`)

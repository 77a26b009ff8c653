// Asks a model server that speaks OpenAI's API, through Tilgate:
// node passed.mjs BASE KEY MODEL
import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { Ollama } from 'ollama'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'

const [base, apiKey, model] = process.argv.slice(2)
const messages = [{ role: 'user', content: 'Салам' }]
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] }
const tool = { type: 'function', function: { name: 'weather', description: 'tells the weather', parameters } }
const schema = { type: 'object', properties: { sure: { type: 'boolean' } }, required: ['sure'], additionalProperties: false }

async function openai() {
  const client = new OpenAI({ baseURL: base + '/v1', apiKey, maxRetries: 0 })
  const ask = more => client.chat.completions.create({ model, messages, ...more })
  const whole = await ask({ n: 3, of_this_server: '!' })
  assert.deepEqual(whole.choices.map(c => c.message.content), ['САЛАМ!', 'САЛАМ!', 'САЛАМ!'])
  assert.equal(whole.usage.total_tokens, 5)
  let text = '', usage
  for await (const chunk of await ask({ stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? ''
    usage = chunk.usage ?? usage
  }
  assert.equal(text, 'САЛАМ')
  assert.equal(usage.total_tokens, 5)
  const called = (await client.chat.completions.stream({ model, messages, tools: [tool] }).finalMessage()).tool_calls[0].function
  assert.equal(JSON.parse(called.arguments).place, 'Ош')
  const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } }
  assert.equal((await client.chat.completions.parse({ model, messages, response_format: format })).choices[0].message.parsed.sure, true)
  assert.deepEqual((await client.completions.create({ model, prompt: ['а', 'б'] })).choices.map(c => c.index), [0, 1])
  const vectors = await client.embeddings.create({ model, input: [[1, 2], [3]], encoding_format: 'float' }) // of tokens
  assert.deepEqual(vectors.data.map(v => v.embedding), [[0.25, -1], [0.25, -1]])
  const ranked = await client.post('/rerank', { body: { model, query: 'а', documents: ['б', 'в'] } })
  assert.equal(ranked.results.length, 2)
  const one = await client.models.retrieve(model)
  assert.equal(one.owned_by, 'vllm')
  assert.equal(one.root, '/models/base')
  await assert.rejects(ask({ messages: 'Салам' }), OpenAI.BadRequestError) // the server's own
  return 'openai'
}

async function langchain() {
  const chat = more => new ChatOpenAI({ model, apiKey, configuration: { baseURL: base + '/v1' }, maxRetries: 0, ...more })
  assert.equal((await chat().invoke('Салам')).content, 'САЛАМ')
  const { tool_calls: [called] } = await chat().bindTools([tool]).invoke('Салам')
  assert.deepEqual([called.name, called.args], ['weather', { place: 'Ош' }])
  assert.deepEqual(await chat().withStructuredOutput(schema, { name: 'answer', method: 'jsonSchema' }).invoke('Салам'), { sure: true })
  const embedder = new OpenAIEmbeddings({ model, apiKey, configuration: { baseURL: base + '/v1' }, maxRetries: 0, encodingFormat: 'float' })
  assert.equal((await embedder.embedDocuments(['а', 'б'])).length, 2)
  return '@langchain/openai'
}

// A model that is not Ollama's is listed, and refused with a way out.
async function ollama() {
  const client = new Ollama({ host: base, headers: { Authorization: 'Bearer ' + apiKey } })
  assert.ok((await client.list()).models.some(m => m.name === model))
  await assert.rejects(client.chat({ model, messages }), /served over OpenAI's API; ask for it at \/v1/)
  const answer = await client.chat({ model: 'auto:ky', messages: [{ role: 'user', content: 'Аялдар канча жаштан пенсияга чыгат?' }] })
  assert.equal(answer.tilgate.grounded, true)
  return 'ollama'
}

for (const client of [openai, langchain, ollama]) console.log(`${await client()}: well`)

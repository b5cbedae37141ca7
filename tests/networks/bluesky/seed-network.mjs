// Plays a JSON scenario into a running network through the PDS's public XRPC methods.
//
//   node seed-network.mjs [scenario.json] [--out map.json] [--pds URL] [--control URL]
//        [--password pw] [--parallel 6] [--no-settle]
//
// {"accounts": [{"id": "ann", "handle": "ann.test", "displayName"?, "description"?,
//                "at"?, "labels"?: ["!no-unauthenticated"]}],
//  "events": [
//   {"type": "post",   "id": "p1", "by": "ann", "text": "..", "at": "2025-03-01T10:00:00Z",
//      "quote"?: "p0", "link"?: url, "mentions"?: ["bob"], "tags"?: [], "langs"?: [], "labels"?: []},
//   {"type": "reply",  "id": "r1", "by": "bob", "to": "p1", "text": "..", "at": ..},
//   {"type": "like",   "id"?: .., "by": "bob", "of": "p1", "at": ..},
//   {"type": "repost", "id"?: .., "by": "bob", "of": "p1", "at": ..},
//   {"type": "follow", "id"?: .., "by": "bob", "whom": "ann", "at": ..},
//   {"type": "block",  "id"?: .., "by": "bob", "whom": "ann", "at": ..}],
//  "after": [                                   // in this order, once all is indexed
//   {"do": "delete", "what": "p1"}, {"do": "deactivate"|"activate", "who": "bob"},
//   {"do": "rename", "who": "bob", "handle": "robert.test"},
//   {"do": "takedown"|"restore", "who": "bob" | "what": "p1"},
//   {"do": "label", "who": "bob" | "what": "p1", "val": "spam", "neg"?: true},
//   {"do": "remove-account", "who": "bob"}]}
//
// Written to --out (default: stdout): {dids, handles, records: {id: {uri, cid}}, timings}.
// A handle that exists already is signed in to, so scenarios can be added to a network.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

const { values: opt, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    pds: { type: 'string', default: 'http://localhost:2583' },
    appview: { type: 'string', default: 'http://localhost:2584' },
    control: { type: 'string', default: 'http://127.0.0.1:2590' },
    password: { type: 'string', default: 'local-only' },
    admin: { type: 'string', default: 'admin:admin-pass' },
    parallel: { type: 'string', default: '6' },
    'no-settle': { type: 'boolean', default: false },
  },
})
const scenario = JSON.parse(await readFile(positionals[0] ?? '/dev/stdin', 'utf8'))
const adminAuth = 'Basic ' + Buffer.from(opt.admin).toString('base64')
const BATCH = 200 // the PDS refuses longer applyWrites calls

class XrpcError extends Error {}
async function call(base, nsid, body, auth) {
  const res = await fetch(`${base}/xrpc/${nsid}`, {
    method: 'POST',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(auth && { authorization: auth }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await res.text()
  const data = text ? JSON.parse(text) : {}
  if (!res.ok) {
    const err = new XrpcError(`${nsid}: ${res.status} ${data.error}: ${data.message}`)
    throw Object.assign(err, { code: data.error, status: res.status, said: data.message })
  }
  return data
}
async function settle() {
  if (opt['no-settle']) return 0
  const res = await fetch(`${opt.control}/settle`, { method: 'POST', body: '{"limitMs":600000}' })
  const data = await res.json()
  if (!res.ok) throw new Error(data.message)
  return data.ms
}
async function inParallel(items, fn) {
  const queue = items[Symbol.iterator]()
  const lane = async () => { for (const it of queue) await fn(it) }
  await Promise.all(Array.from({ length: Number(opt.parallel) }, lane))
}

// Record keys carry the record's own date, as they do on the real network.
const B32 = '234567abcdefghijklmnopqrstuvwxyz'
const seen = new Map()
function keyFor(did, at) {
  let us = BigInt(Date.parse(at)) * 1000n
  const used = seen.get(did) ?? seen.set(did, new Set()).get(did)
  while (used.has(us)) us += 1n
  used.add(us)
  let v = (us << 10n) | 7n
  let s = ''
  for (let i = 0; i < 13; i++, v >>= 5n) s = B32[Number(v & 31n)] + s
  return s
}

// ---- accounts -------------------------------------------------------------------
const t0 = performance.now()
const people = new Map()
await inParallel(scenario.accounts ?? [], async (a) => {
  const creds = { handle: a.handle, email: `${a.handle.replaceAll('.', '-')}@mail.test`, password: opt.password }
  let s
  try {
    s = await call(opt.pds, 'com.atproto.server.createAccount', creds)
  } catch (e) {
    if (e.code !== 'HandleNotAvailable' && !/taken/i.test(e.said ?? '')) throw e
    s = await call(opt.pds, 'com.atproto.server.createSession', { identifier: a.handle, password: opt.password })
  }
  people.set(a.id, { did: s.did, handle: a.handle, auth: `Bearer ${s.accessJwt}`, spec: a })
})
const who = (id) => people.get(id) ?? (() => { throw new Error(`unknown account "${id}"`) })()
const tAccounts = performance.now()
await inParallel([...people.values()], async ({ did, auth, spec }) => {
  if (!spec.displayName && !spec.description && !spec.labels && !spec.at) return
  await call(opt.pds, 'com.atproto.repo.putRecord', {
    repo: did, collection: 'app.bsky.actor.profile', rkey: 'self',
    record: {
      $type: 'app.bsky.actor.profile',
      displayName: spec.displayName, description: spec.description, createdAt: spec.at,
      ...selfLabels(spec.labels),
    },
  }, auth)
})
await settle() // handles must be known to the AppView before their records come in
const tProfiles = performance.now()

// ---- events ---------------------------------------------------------------------
const events = scenario.events ?? []
const byId = new Map(events.filter((e) => e.id).map((e) => [e.id, e]))
const made = new Map()
const depth = new Map()
/** How many records have to exist before this one: replies and quotes need URI and CID. */
function level(e) {
  if (depth.has(e)) return depth.get(e)
  const on = [e.quote, e.to, e.of].filter(Boolean).map((id) => byId.get(id) ?? unknown(id))
  const d = on.length ? 1 + Math.max(...on.map(level)) : 0
  depth.set(e, d)
  return d
}
const unknown = (id) => { throw new Error(`unknown event "${id}"`) }
function rootOf(e) { while (e.to) e = byId.get(e.to); return e }
function selfLabels(vals) {
  return vals?.length
    ? { labels: { $type: 'com.atproto.label.defs#selfLabels', values: vals.map((val) => ({ val })) } }
    : {}
}
const bytes = (s) => Buffer.byteLength(s)
function postRecord(e) {
  let text = e.text ?? ''
  const facets = []
  const append = (shown, feature) => {
    if (text) text += ' '
    facets.push({ index: { byteStart: bytes(text), byteEnd: bytes(text) + bytes(shown) }, features: [feature] })
    text += shown
  }
  for (const m of e.mentions ?? []) {
    append(`@${who(m).handle}`, { $type: 'app.bsky.richtext.facet#mention', did: who(m).did })
  }
  if (e.link) append(e.link, { $type: 'app.bsky.richtext.facet#link', uri: e.link })
  return {
    text, createdAt: e.at, langs: e.langs ?? ['en'], tags: e.tags,
    ...(facets.length && { facets }),
    ...selfLabels(e.labels),
    ...(e.to && { reply: { root: made.get(rootOf(e)), parent: made.get(byId.get(e.to)) } }),
    ...(e.quote && { embed: { $type: 'app.bsky.embed.record', record: made.get(byId.get(e.quote)) } }),
  }
}
const kinds = {
  post: ['app.bsky.feed.post', postRecord],
  reply: ['app.bsky.feed.post', postRecord],
  like: ['app.bsky.feed.like', (e) => ({ subject: made.get(byId.get(e.of)), createdAt: e.at })],
  repost: ['app.bsky.feed.repost', (e) => ({ subject: made.get(byId.get(e.of)), createdAt: e.at })],
  follow: ['app.bsky.graph.follow', (e) => ({ subject: who(e.whom).did, createdAt: e.at })],
  block: ['app.bsky.graph.block', (e) => ({ subject: who(e.whom).did, createdAt: e.at })],
}
for (const e of events) {
  if (!kinds[e.type]) throw new Error(`unknown event type "${e.type}"`)
  e.at = new Date(e.at).toISOString()
}
const levels = []
for (const e of events) (levels[level(e)] ??= []).push(e)
let writeMs = 0
let waitMs = 0
let calls = 0
for (const wave of levels) {
  if (!wave) continue
  const perAuthor = Map.groupBy(wave, (e) => e.by)
  const batches = []
  for (const [by, list] of perAuthor) {
    list.sort((a, b) => a.at.localeCompare(b.at))
    for (let i = 0; i < list.length; i += BATCH) batches.push([who(by), list.slice(i, i + BATCH)])
  }
  const w0 = performance.now()
  await inParallel(batches, async ([p, list]) => {
    const writes = list.map((e) => {
      const [collection, build] = kinds[e.type]
      return {
        $type: 'com.atproto.repo.applyWrites#create', collection, rkey: keyFor(p.did, e.at),
        value: { $type: collection, ...build(e) },
      }
    })
    const { results } = await call(opt.pds, 'com.atproto.repo.applyWrites', { repo: p.did, writes }, p.auth)
    results.forEach((r, i) => made.set(list[i], { uri: r.uri, cid: r.cid }))
    calls++
  })
  writeMs += performance.now() - w0
  // The AppView orders events per repo only, and judges a reply (its root, the thread's
  // gate) once, when it arrives: so let it catch up before writing what builds on this.
  const s0 = performance.now()
  await settle()
  waitMs += performance.now() - s0
}
const tEvents = performance.now()

// ---- afterwards -------------------------------------------------------------------
const admin = (base, nsid, body) => call(base, nsid, body, adminAuth)
const subject = (s) => s.who
  ? { $type: 'com.atproto.admin.defs#repoRef', did: who(s.who).did }
  : { $type: 'com.atproto.repo.strongRef', ...made.get(byId.get(s.what)) }
async function moderate(s, applied) {
  const body = { subject: subject(s), takedown: { applied, ref: `seed-${Date.now()}` } }
  if (s.at !== 'appview') await admin(opt.pds, 'com.atproto.admin.updateSubjectStatus', body)
  if (s.at !== 'pds') await admin(opt.appview, 'com.atproto.admin.updateSubjectStatus', body)
}
const steps = {
  delete: (s) => {
    const { uri } = made.get(byId.get(s.what))
    const [repo, collection, rkey] = uri.slice(5).split('/')
    return call(opt.pds, 'com.atproto.repo.deleteRecord', { repo, collection, rkey }, who(byId.get(s.what).by).auth)
  },
  deactivate: (s) => call(opt.pds, 'com.atproto.server.deactivateAccount', {}, who(s.who).auth),
  activate: (s) => call(opt.pds, 'com.atproto.server.activateAccount', undefined, who(s.who).auth),
  rename: (s) => call(opt.pds, 'com.atproto.identity.updateHandle', { handle: s.handle }, who(s.who).auth),
  'remove-account': (s) => admin(opt.pds, 'com.atproto.admin.deleteAccount', { did: who(s.who).did }),
  takedown: (s) => moderate(s, true),
  restore: (s) => moderate(s, false),
  label: async (s) => {
    const about = s.who ? { uri: who(s.who).did } : made.get(byId.get(s.what))
    const res = await fetch(`${opt.control}/label`, {
      method: 'POST', body: JSON.stringify({ ...about, val: s.val, neg: s.neg ?? false }),
    })
    if (!res.ok) throw new Error(await res.text())
  },
}
for (const s of scenario.after ?? []) {
  if (!steps[s.do]) throw new Error(`unknown step "${s.do}"`)
  await steps[s.do](s)
}
if (scenario.after?.length) await settle()

const sec = (ms) => Math.round(ms) / 1000
const result = {
  dids: Object.fromEntries([...people].map(([id, p]) => [id, p.did])),
  handles: Object.fromEntries([...people].map(([id, p]) => [id, p.handle])),
  records: Object.fromEntries([...byId].map(([id, e]) => [id, made.get(e)])),
  timings: {
    accounts: people.size, accountsS: sec(tAccounts - t0), profilesS: sec(tProfiles - tAccounts),
    events: events.length, levels: levels.length, calls,
    writeS: sec(writeMs), indexWaitS: sec(waitMs),
    eventsPerS: events.length ? Math.round(events.length / ((tEvents - tProfiles) / 1000)) : 0,
    totalS: sec(performance.now() - t0),
  },
}
if (opt.out) {
  await writeFile(opt.out, JSON.stringify(result, null, 1) + '\n')
  process.stdout.write(JSON.stringify(result.timings) + '\n')
} else {
  process.stdout.write(JSON.stringify(result) + '\n')
}

// Two people at the pulse door: one types and writes, the other reads.
// Usage: node client.mjs http://127.0.0.1:8084 anna=TOKEN ben=TOKEN
import { call, connect, people } from '../people.mjs';

const [base, ...words] = process.argv.slice(2);
const [anna, ben] = people(words);
const data = async (who, method, path, body) => (await call(who, method, `${base}/api/messages${path}`, body)).data;

function device(who) {
  const { next, send, close } = connect(who, `${base}/ws?token=${who.token}`, frame => frame.payload);
  return { next, send: (type, payload) => send({ type, payload }), close };
}

const talk = await data(anna, 'POST', '/conversations', { type: 'DIRECT', participants: [ben.name] });
const here = device(anna), there = device(ben);
await Promise.all([here.next('authenticated'), there.next('authenticated')]);

here.send('typing', { conversation_id: talk.id, is_typing: true });
await there.next('typing');

const sent = await data(anna, 'POST', '', { conversation_id: talk.id, content: `hello ${ben.name}` });
const got = await there.next('message');
if (got.id !== sent.id) throw new Error('another message came');

await data(ben, 'PUT', `/${got.id}/read`);
await here.next('read');
console.log(`${ben.name} has read it`);
here.close();
there.close();

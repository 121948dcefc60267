// Two people at the messaging door: one types and writes, the other reads and reacts.
// Usage: node client.mjs http://127.0.0.1:9097 UUID=TOKEN UUID=TOKEN
import { call, connect, people } from '../people.mjs';

const [base, ...words] = process.argv.slice(2);
const [anna, ben] = people(words, ['anna', 'ben']);
const device = who => connect(who, `${base}/ws?token=${who.token}`, frame => frame.data);

const talk = await call(anna, 'POST', `${base}/api/v1/conversations`, { type: 'direct', member_ids: [anna.id, ben.id] });
const here = device(anna), there = device(ben);
await Promise.all([here.open, there.open]);
for (const one of [here, there]) {
  one.send({ type: 'ping' });
  await one.next('pong');
}

here.send({ type: 'typing.start', conversation_id: talk.id });
await there.next('typing.indicator');
here.send({ type: 'message.send', conversation_id: talk.id, content: 'hello Ben', request_id: 'first' });
const sent = await here.next('ack');
const got = await there.next('message.new');
if (got.id !== sent.id) throw new Error('another message came');

there.send({ type: 'message.read', message_id: got.id });
await here.next('message.read');
there.send({ type: 'reaction.add', message_id: got.id, emoji: '👍' });
await here.next('reaction.added');

const [last] = await call(anna, 'GET', `${base}/api/v1/conversations/${talk.id}/messages`);
console.log(`in the history: "${last.content}", read by ${last.read_by.length}, ${last.reactions[0].emoji}`);
here.close();
there.close();

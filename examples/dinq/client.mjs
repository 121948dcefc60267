// Two people at the dinq door: one is away when the other writes, comes, reads and answers.
// Usage: node client.mjs http://127.0.0.1:8083 UUID=TOKEN UUID=TOKEN
import { call, connect, people } from '../people.mjs';

const [base, ...words] = process.argv.slice(2);
const [anna, ben] = people(words, ['anna', 'ben']);

async function device(who) {
  const { socket, open, next, send, close } = connect(who, `${base}/ws?token=${who.token}`, frame => frame.data);
  await open;
  const beat = setInterval(() => send({ type: 'heartbeat' }), 30_000);
  socket.once('close', () => clearInterval(beat));
  return { next, send: (type, data) => send({ type, data }), close };
}

const { conversation } = (await call(anna, 'POST', `${base}/api/v1/conversations/private`, { receiver_id: ben.id })).data;
const here = await device(anna);
here.send('message', { conversation_id: conversation.id, message_type: 'text', content: 'hello Ben' });
await here.next('message'); // one's own message is the acknowledgement

const there = await device(ben);
const missed = await there.next('offline_message');
there.send('read', { conversation_id: conversation.id, message_id: missed.id });
await here.next('read');
there.send('message', { conversation_id: conversation.id, message_type: 'text', content: 'hello Anna' });
const answer = await here.next('message');
console.log(`${answer.content}: answered in ${answer.conversation_id}`);
here.close();
there.close();

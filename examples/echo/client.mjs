// Two people at the echo door: one writes; that it was delivered and read comes back.
// Usage: node client.mjs http://127.0.0.1:8084 UUID=TOKEN UUID=TOKEN
import { call, connect, people } from '../people.mjs';

const [base, ...words] = process.argv.slice(2);
const [anna, ben] = people(words, ['anna', 'ben']);
const data = async (who, method, path, body) => (await call(who, method, `${base}/api/v1${path}`, body)).data;

function device(who, name) {
  const { next, send, close } = connect(who, `${base}/ws?token=${who.token}&device_id=${name}&platform=web`, frame => frame.payload);
  return { next, send: (type, payload) => send({ type, payload }), close };
}

const talk = await data(anna, 'POST', '/conversations', { conversation_type: 'direct', participant_ids: [ben.id] });
const here = device(anna, 'laptop'), there = device(ben, 'phone');
await Promise.all([here.next('connection_ack'), there.next('connection_ack')]);

here.send('typing', { conversation_id: talk.id, is_typing: true });
await there.next('typing');

const content = 'hello Ben';
here.send('send_message', { conversation_id: talk.id, content, message_type: 'text', mentions: [{ user_id: ben.id, offset: 6, length: 3 }] });
const sent = await here.next('message_ack');
const { message } = await there.next('new_message');
if (message.id !== sent.id) throw new Error('another message came');
await here.next('message_delivered');

there.send('read_receipt', { message_id: message.id });
await here.next('message_read');
await data(ben, 'POST', `/messages/${message.id}/reactions`, { reaction_type: '👍' });
await here.next('reaction_added');

const { messages } = await data(anna, 'GET', `/conversations/${talk.id}/messages`);
console.log(`in the history: "${messages[0].content}", ${messages[0].status}`);
here.close();
there.close();

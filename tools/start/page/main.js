/** The page: combines the connection, the rooms, the conversation, the forms and the meter. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

import { Conversation, isolate } from './chat.js';
import { byId, formatDuration, showMeter } from './figures.js';
import { Link } from './link.js';
import { Meter } from './meter.js';
import { Rooms } from './rooms.js';
import { Wire } from './wire.js';

/** @import { OpenRoom, People, Refusal, ServerMessage } from '../src/protocol.ts' */
/** @import { LinkState } from './link.js' */

const statusText = byId('status-text', HTMLElement);
const announcement = byId('announcement', HTMLElement);
const notice = byId('notice', HTMLElement);
const noticeText = byId('notice-text', HTMLElement);
const retry = byId('retry', HTMLButtonElement);
const peopleText = byId('people', HTMLElement);
const joinForm = byId('join-form', HTMLFormElement);
const nameField = byId('name', HTMLInputElement);
const joinButton = byId('join', HTMLButtonElement);
const sayForm = byId('say-form', HTMLFormElement);
const textField = byId('text', HTMLTextAreaElement);
const sendButton = byId('send', HTMLButtonElement);
const counter = byId('counter', HTMLElement);
const myName = byId('my-name', HTMLElement);
const leaveButton = byId('leave', HTMLButtonElement);
const problem = byId('problem', HTMLElement);

const link = new Link(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/chat`);
const meter = new Meter();
const rooms = new Rooms();
const wire = new Wire(byId('wire', HTMLElement));
const conversation = new Conversation(byId('log', HTMLElement), byId('unread', HTMLButtonElement));

/** The name to join with, also after a reconnection. It is kept for this tab only. */
let wantedName = sessionStorage.getItem('name') ?? '';
/** The number the server gave us; 0 while we are not in the room. */
let me = 0;
/** Sent texts that have neither come back as a line nor been refused, oldest first. @type {string[]} */
let underWay = [];
let lostAt = 0;

// --- the connection ---------------------------------------------------------------------------------------------------

link.addEventListener('state', (event) => {
  showState(/** @type {CustomEvent<LinkState>} */ (event).detail);
});
link.addEventListener('traffic', (event) => {
  /** @type {{ direction: 'in' | 'out', bytes: number }} */
  const traffic = /** @type {CustomEvent} */ (event).detail;
  meter.count(traffic);
  wire.pulse(traffic);
});
link.addEventListener('message', (event) => {
  receive(/** @type {CustomEvent<ServerMessage>} */ (event).detail);
});
retry.addEventListener('click', () => link.retryNow());
addEventListener('online', () => link.retryNow());

/** @param {LinkState} state */
function showState(state) {
  document.body.dataset['state'] = state.name;
  const open = state.name === 'open';
  sendButton.disabled = !open;
  joinButton.disabled = !open;
  if (open) {
    statusText.textContent = 'Connected';
    notice.hidden = true;
    meter.opened();
    openRoom();
    if (lostAt > 0) {
      const away = formatDuration((performance.now() - lostAt) / 1000);
      conversation.note(`Connected again after ${away}`);
      announcement.textContent = 'Connected again.';
    }
    lostAt = 0;
  } else if (state.name === 'waiting') {
    if (lostAt === 0) {
      lostAt = performance.now();
      announcement.textContent = `${state.reason} Trying to connect again.`;
      meter.lost();
      takeBack();
    }
    me = 0;
    notice.hidden = false;
    showCountdown();
  } else {
    statusText.textContent = lostAt > 0 ? 'Reconnecting' : 'Connecting';
    if (lostAt > 0) noticeText.textContent = 'Trying to connect again …';
    retry.hidden = true;
  }
}

function showCountdown() {
  const state = link.state;
  if (state.name !== 'waiting') return;
  const left = Math.max(1, Math.ceil((state.retryAt - performance.now()) / 1000));
  statusText.textContent = 'Disconnected';
  noticeText.textContent = `${state.reason} Next try in ${left} s.`;
  retry.hidden = false;
}

/** Puts texts that were under way when the connection was lost back into the field. Whether they arrived is unknown. */
function takeBack() {
  for (const text of underWay.reverse()) putBack(text);
  underWay = [];
}

// --- messages from the server -----------------------------------------------------------------------------------------

/** @param {ServerMessage} message */
function receive(message) {
  switch (message.type) {
    case 'rooms':
      rooms.update(message.rooms);
      break;
    case 'room':
      showRoom(message);
      break;
    case 'welcome':
      me = message.you;
      myName.textContent = message.name;
      showForms();
      break;
    case 'line':
      if (me !== 0 && message.line.from === me && message.line.kind === 'said') underWay.shift();
      conversation.add(message.line, me !== 0 && message.line.from === me);
      break;
    case 'people':
      showPeople(message);
      break;
    case 'latency':
      meter.measured(message.milliseconds);
      break;
    case 'error':
      refused(message);
      break;
  }
}

/** @param {OpenRoom} opened */
function showRoom({ room, run, limits, people, recent }) {
  nameField.maxLength = limits.name;
  textField.maxLength = limits.text;
  if (room !== rooms.open) {
    conversation.clear();
    me = 0;
    if (rooms.open) announcement.textContent = `Opened the room ${isolate(room)}.`;
  }
  rooms.opened(room);
  showPeople(people);
  conversation.catchUp(run, recent);
  if (wantedName && me === 0) link.send({ type: 'join', name: wantedName });
}

/** @param {Pick<People, 'count' | 'names'>} people */
function showPeople({ count, names }) {
  byId('people-count', HTMLElement).textContent = String(count);
  const more = count > names.length ? ` and ${count - names.length} more` : '';
  peopleText.textContent = count === 0 ? 'Nobody is here yet' : `${names.map(isolate).join(', ')}${more}`;
}

/** @param {Refusal} refusal */
function refused(refusal) {
  if (refusal.code === 'already-joined') return;
  if (refusal.of === 'open' && rooms.refused()) link.send({ type: 'open', room: rooms.request() });
  if (refusal.of === 'join') wantedName = '';
  if (refusal.of === 'say') putBack(underWay.shift() ?? '');
  showForms();
  problem.textContent = refusal.message;
}

// --- the forms --------------------------------------------------------------------------------------------------------

rooms.addEventListener('change', openRoom);

/** If there is no connection, the room is opened when there is one again. */
function openRoom() {
  problem.textContent = '';
  link.send({ type: 'open', room: rooms.request() });
}

joinForm.addEventListener('submit', (event) => {
  event.preventDefault();
  wantedName = nameField.value.trim();
  problem.textContent = wantedName ? '' : 'Please enter a name.';
  if (wantedName) link.send({ type: 'join', name: wantedName });
  else nameField.focus();
});

sayForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = textField.value.trim();
  if (text === '') return;
  if (me === 0 || !link.send({ type: 'say', text })) {
    problem.textContent = 'There is no connection now. Your text stays here.';
    return;
  }
  underWay.push(text);
  setText('');
  problem.textContent = '';
});

textField.addEventListener('keydown', (event) => {
  // In an input method, Enter ends a composition. It must not send the text then.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  sayForm.requestSubmit();
});
textField.addEventListener('input', () => {
  problem.textContent = '';
  fitText();
});
leaveButton.addEventListener('click', () => {
  if (!link.send({ type: 'leave' })) return;
  me = 0;
  wantedName = '';
  showForms();
});

/** Shows the form to join, or the form to chat. Moves the focus to it only if a form had the focus. */
function showForms() {
  sessionStorage.setItem('name', wantedName);
  const joined = wantedName !== '';
  if (joinForm.hidden === joined) return;
  const focused = document.activeElement;
  const moveFocus = joinForm.contains(focused) || sayForm.contains(focused);
  joinForm.hidden = joined;
  sayForm.hidden = !joined;
  problem.textContent = '';
  fitText();
  if (moveFocus) (joined ? textField : nameField).focus();
}

/** @param {string} text */
function putBack(text) {
  setText([text, textField.value].filter(Boolean).join('\n'));
}

/** @param {string} text */
function setText(text) {
  textField.value = text;
  fitText();
}

/** Makes the field as high as its text, up to the limit of the style sheet. Shows how many characters are left if few are. */
function fitText() {
  textField.style.height = 'auto';
  textField.style.height = `${textField.scrollHeight + 2}px`;
  const left = textField.maxLength - textField.value.length;
  counter.textContent = left <= 100 ? `${left} left` : '';
}

// --- start ------------------------------------------------------------------------------------------------------------

showForms();
showMeter(meter);
link.start();
setInterval(showCountdown, 500);

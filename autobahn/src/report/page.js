// Draws the report: the agents, the filters, the table of cases, and the details of the selected run.

const data = JSON.parse(document.getElementById('data').textContent);
const page = document.getElementById('page');
const detail = document.getElementById('detail');

const VALUES = ['OK', 'INFORMATIONAL', 'NON-STRICT', 'UNIMPLEMENTED', 'FAILED'];
const LABELS = {
  OK: 'Pass',
  INFORMATIONAL: 'Info',
  'NON-STRICT': 'Non-strict',
  UNIMPLEMENTED: 'Unimplemented',
  FAILED: 'Fail',
};
/** The names of the kinds of rows in a wire log. */
const ROWS = {
  RO: 'octets received',
  TO: 'octets sent',
  RF: 'frame received',
  TF: 'frame sent',
  CT: 'pause',
  CTE: 'pause over',
  KL: 'kill timer set',
  KLE: 'kill timer fired',
  TI: 'end timer set',
  TIE: 'end timer fired',
  WLM: 'logging',
};
const FLAGS = [
  'closedByMe',
  'failedByMe',
  'droppedByMe',
  'wasClean',
  'wasNotCleanReason',
  'wasServerConnectionDropTimeout',
  'wasOpenHandshakeTimeout',
  'wasCloseHandshakeTimeout',
  'localCloseCode',
  'localCloseReason',
  'remoteCloseCode',
  'remoteCloseReason',
];

const runs = new Map(data.runs.map((run) => [keyOf(run.agent, run.id), run]));
const filters = { text: '', section: '', values: new Set([...VALUES, 'missing']) };

page.append(drawHead(), drawAgents(), drawFilters(), drawTable());
window.addEventListener('hashchange', showChosen);
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') location.hash = '';
});
showChosen();

function keyOf(agent, id) {
  return `${id} ${agent}`;
}

/** Creates an element. Strings among the children become text, never HTML. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function drawHead() {
  const written = new Date(data.written).toLocaleString();
  return make(
    'header',
    {},
    make('h1', {}, 'WebSocket conformance'),
    make(
      'p',
      { class: 'quiet' },
      `${counted(data.cases, 'case')}, ${counted(data.agents, 'agent')}, written ${written}`,
    ),
  );
}

function counted(things, name) {
  return `${things.length} ${name}${things.length === 1 ? '' : 's'}`;
}

function drawAgents() {
  return make('section', { class: 'agents' }, ...data.agents.map(drawAgent));
}

function drawAgent(agent) {
  const own = data.runs.filter((run) => run.agent === agent);
  const counts = VALUES.map((value) => [value, own.filter((run) => run.behavior === value).length]);
  const present = counts.filter(([, count]) => count > 0);
  const unclosed = own.filter((run) => !['OK', 'INFORMATIONAL'].includes(run.behaviorClose)).length;
  const words = present.map(([value, count]) => `${count} ${LABELS[value].toLowerCase()}`);
  if (unclosed > 0) words.push(`${unclosed} closed wrongly`);
  return make(
    'article',
    { class: 'agent' },
    make('h2', {}, agent),
    make(
      'div',
      { class: 'bar' },
      ...present.map(([value, count]) => make('i', { class: classOf(value), style: `flex-grow: ${count}` })),
    ),
    make('div', { class: 'quiet' }, words.join(', ')),
  );
}

function drawFilters() {
  const sections = [...new Set(data.cases.map(({ section }) => section))];
  const changed = () => page.querySelector('table').replaceWith(drawTable());
  return make(
    'form',
    { onsubmit: (event) => event.preventDefault() },
    make('input', {
      type: 'search',
      placeholder: 'Case or words',
      'aria-label': 'Case or words',
      oninput: (event) => {
        filters.text = event.target.value.toLowerCase();
        changed();
      },
    }),
    make(
      'select',
      {
        'aria-label': 'Section',
        onchange: (event) => {
          filters.section = event.target.value;
          changed();
        },
      },
      make('option', { value: '' }, 'All sections'),
      ...sections.map((section) =>
        make('option', { value: section }, `${section} ${data.sections[section]}`),
      ),
    ),
    ...VALUES.map((value) => drawToggle(value, changed)),
  );
}

function drawToggle(value, changed) {
  const change = (event) => {
    if (event.target.checked) filters.values.add(value);
    else filters.values.delete(value);
    changed();
  };
  return make('label', {}, make('input', { type: 'checkbox', checked: '', onchange: change }), LABELS[value]);
}

function drawTable() {
  const head = make(
    'tr',
    {},
    make('th', { scope: 'col' }, 'Case'),
    make('th', { scope: 'col' }, 'What it does'),
    ...data.agents.map((agent) => make('th', { scope: 'col' }, agent)),
  );
  const rows = [];
  let section;
  for (const testCase of data.cases.filter(isShown)) {
    if (testCase.section !== section) {
      section = testCase.section;
      const title = `${section} ${data.sections[section]}`;
      rows.push(make('tr', {}, make('th', { class: 'section', colspan: data.agents.length + 2 }, title)));
    }
    rows.push(drawRow(testCase));
  }
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
}

function isShown({ id, section, description }) {
  if (filters.section !== '' && String(section) !== filters.section) return false;
  if (!`${id} ${description}`.toLowerCase().includes(filters.text)) return false;
  return data.agents.some((agent) => filters.values.has(runs.get(keyOf(agent, id))?.behavior ?? 'missing'));
}

function drawRow({ id, description }) {
  return make(
    'tr',
    {},
    make('td', { class: 'id' }, id),
    make('td', {}, description),
    ...data.agents.map((agent) => make('td', {}, drawVerdict(runs.get(keyOf(agent, id))))),
  );
}

function drawVerdict(run) {
  if (!run) return make('span', { class: 'verdict is-missing' }, 'Missing');
  const chosen = location.hash === hashOf(run);
  return make(
    'button',
    {
      class: `verdict ${classOf(run.passed ? run.behavior : run.behavior === 'UNIMPLEMENTED' ? run.behavior : 'FAILED')}`,
      'aria-current': chosen ? 'true' : undefined,
      'data-hash': hashOf(run),
      title: `${run.behavior}, closing ${run.behaviorClose}`,
      onclick: () => (location.hash = hashOf(run)),
    },
    LABELS[run.behavior],
    make('small', {}, [closingLabel(run), ...figures(run)].filter(Boolean).join(' · ')),
  );
}

/** The close code of the peer if the closing was right, otherwise its verdict. */
function closingLabel(run) {
  if (run.behavior === 'UNIMPLEMENTED') return '';
  if (['OK', 'INFORMATIONAL'].includes(run.behaviorClose)) return String(run.remoteCloseCode ?? 'no code');
  return run.behaviorClose.toLowerCase();
}

function figures(run) {
  const time = run.reportTime ? [`${run.duration} ms`] : [];
  if (!run.reportCompressionRatio || !run.trafficStats) return time;
  const ratio = (value) => (value === null ? '-' : value.toFixed(3));
  const { incomingCompressionRatio, outgoingCompressionRatio } = run.trafficStats;
  return [...time, `[${ratio(incomingCompressionRatio)}/${ratio(outgoingCompressionRatio)}]`];
}

function classOf(behavior) {
  return `is-${behavior.toLowerCase()}`;
}

function hashOf(run) {
  return `#${run.id}/${encodeURIComponent(run.agent)}`;
}

function showChosen() {
  const run = data.runs.find((one) => hashOf(one) === location.hash);
  for (const button of page.querySelectorAll('[data-hash]')) {
    if (button.dataset.hash === location.hash) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  detail.hidden = !run;
  detail.replaceChildren(...(run ? drawDetail(run) : []));
  detail.scrollTop = 0;
  page.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
}

function drawDetail(run) {
  return [
    make('button', { class: 'close', 'aria-label': 'Close', onclick: () => (location.hash = '') }, '×'),
    make('h2', {}, `Case ${run.id}`),
    make(
      'p',
      { class: 'quiet' },
      `${run.agent}, ${run.duration} ms, ${new Date(run.started).toLocaleString()}`,
    ),
    make('p', {}, run.description),
    make('p', {}, run.expectation),
    make('h3', {}, 'Behaviour'),
    make('p', {}, make('b', {}, run.behavior), ` ${run.result}`),
    ...drawEvents(run),
    make('h3', {}, 'Closing'),
    make('p', {}, make('b', {}, run.behaviorClose), ` ${run.resultClose}`),
    drawPairs(FLAGS.map((flag) => [flag, run[flag]]).filter(([, value]) => value !== null)),
    ...(run.trafficStats ? [make('h3', {}, 'Compression'), drawPairs(Object.entries(run.trafficStats))] : []),
    make('h3', {}, 'Opening handshake'),
    make('pre', {}, `${run.httpRequest}${run.httpResponse}`.trim()),
    make('h3', {}, 'Octets and frames'),
    drawPairs([
      ['reads (size: count)', tally(run.rxOctetStats)],
      ['writes (size: count)', tally(run.txOctetStats)],
      ['frames received (opcode: count)', tally(run.rxFrameStats)],
      ['frames sent (opcode: count)', tally(run.txFrameStats)],
    ]),
    make('h3', {}, 'Wire log'),
    drawWireLog(run),
  ];
}

function drawEvents(run) {
  if (Object.keys(run.expected).length === 0) return [];
  const show = (events) =>
    events.length === 0 ? 'nothing' : events.map((event) => event.join('  ')).join('\n');
  return [
    ...Object.entries(run.expected).map(([value, events]) =>
      make('div', {}, make('h3', {}, `Expected (${value})`), make('pre', {}, show(events))),
    ),
    make('h3', {}, 'Observed'),
    make('pre', {}, show(run.received)),
  ];
}

function drawPairs(pairs) {
  const rows = pairs.map(([name, value]) =>
    make('tr', {}, make('td', {}, name), make('td', {}, String(value))),
  );
  return make('table', {}, make('tbody', {}, ...rows));
}

function tally(counts) {
  const entries = Object.entries(counts);
  const shown = entries.slice(0, 12).map(([key, count]) => `${key}: ${count}`);
  return [...shown, ...(entries.length > 12 ? [`and ${entries.length - 12} more`] : [])].join(', ') || 'none';
}

function drawWireLog(run) {
  const rows = run.wirelog.map(([kind, ...rest]) =>
    make('tr', {}, make('td', {}, ROWS[kind] ?? kind), make('td', {}, wireText(kind, rest))),
  );
  const more = run.moreRows > 0 ? `${run.moreRows} more rows are in ${run.id}'s JSON file` : null;
  return make(
    'div',
    {},
    make('table', { class: 'wire' }, make('tbody', {}, ...rows)),
    more && make('p', { class: 'quiet' }, more),
  );
}

function wireText(kind, rest) {
  if (kind === 'RO' || kind === 'TO') return `${rest[0]} octets  ${rest[1]}`;
  if (kind === 'RF' || kind === 'TF') {
    const [length, payload, opcode, fin, rsv] = rest;
    return `opcode ${opcode}, FIN ${fin ? 1 : 0}, RSV ${rsv}, ${length} octets  ${payload}`;
  }
  return rest.filter((value) => value !== null).join(' ');
}

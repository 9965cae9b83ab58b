// What an annotator may ask of Label Studio: exactly these calls, each with these parameters and this body.
// Everything else is refused with 403. Path, query and body are written anew from what was understood here,
// so that Label Studio never reads anything in another way than it was checked.

const ANNOTATION = ['lead_time', 'result', 'draft_id', 'parent_prediction', 'parent_annotation', 'started_at', 'unique_id',
                    'was_cancelled', 'was_postponed', 'project'];
// `project` is not passed on: it would move an answer to another project.
const DROPPED = ['project'];
const TABS = ['list', 'grid'];

// [method, path, parameters, {how, keys, check}]; how: page, asset, api (as it is), form, json, or what the proxy answers by itself: people, tokens.
const CALLS = [
    ['GET', /^\/$/, [], {how: 'page'}],
    ['GET', /^\/projects\/?$/, [], {how: 'page'}],
    ['GET', /^\/projects\/\d+(\/data)?\/?$/, [], {how: 'page'}],
    ['GET', /^\/user\/login\/?$/, [], {how: 'page'}],
    ['POST', /^\/user\/login\/$/, [], {how: 'form'}],
    ['GET', /^\/user\/account(\/(personal-info|hotkeys))?\/?$/, [], {how: 'page'}],
    ['GET', /^\/logout\/?$/, [], {how: 'api'}],
    ['GET', /^\/(favicon\.ico|sw(-fallback)?\.js)$/, [], {how: 'asset'}],
    ['GET', /^\/(static|react-app|label-studio-frontend|dm)\/[\w./-]+\.(js|css|svg|png|gif|jpg|webp|ico|woff2?|ttf|wasm)$/,
        [], {how: 'asset'}],

    ['GET', /^\/api\/version\/?$/, [], {how: 'api'}],
    ['GET', /^\/api\/current-user\/whoami\/?$/, [], {how: 'api'}],
    ['GET', /^\/api\/current-user\/hotkeys\/?$/, [], {how: 'api'}],
    ['PATCH', /^\/api\/current-user\/hotkeys\/?$/, [], {how: 'json', keys: ['custom_hotkeys']}],
    ['GET', /^\/api\/projects\/?$/, ['page', 'page_size', 'include', 'ids'], {how: 'api'}],
    ['GET', /^\/api\/projects\/\d+\/?$/, [], {how: 'api'}],
    ['GET', /^\/api\/projects\/\d+\/label-stream-history\/?$/, ['project'], {how: 'api'}],
    ['GET', /^\/api\/ml\/?$/, ['project'], {how: 'api'}],
    ['GET', /^\/api\/label_links\/?$/, ['project', 'expand'], {how: 'api'}],
    ['GET', /^\/api\/users\/?$/, ['project'], {how: 'people'}],
    ['GET', /^\/api\/jwt\/settings\/?$/, [], {how: 'tokens'}],
    ['GET', /^\/api\/dm\/(columns|project|views)\/?$/, ['project', 'interaction', 'include'], {how: 'api'}],
    ['GET', /^\/api\/tasks\/?$/, ['page', 'page_size', 'view', 'project'], {how: 'api'}],
    ['GET', /^\/api\/tasks\/\d+\/?$/, ['project', 'interaction'], {how: 'api'}],

    ['POST', /^\/api\/dm\/views\/?$/, ['project', 'tabID'], {how: 'json', keys: ['data', 'project'], keep: true, check: plainTab}],
    ['POST', /^\/api\/dm\/actions\/?$/, ['id', 'project', 'tabID'], {how: 'json', keys: ['project'], keep: true, check: nextTask}],
    ['POST', /^\/api\/ml\/\d+\/interactive-annotating\/?$/, ['project'], {how: 'json', keys: ['task', 'context', 'project']}],
    ['POST', /^\/api\/tasks\/\d+\/annotations\/?$/, ['project'], {how: 'json', keys: ANNOTATION, check: answer}],
    ['POST', /^\/api\/tasks\/\d+\/drafts\/?$/, ['project'], {how: 'json', keys: ANNOTATION, check: answer}],
    ['POST', /^\/api\/tasks\/\d+\/(annotations\/\d+)\/drafts\/?$/, ['project'],
        {how: 'json', keys: ANNOTATION, check: answer, mine: true}],
    ['PATCH', /^\/api\/(annotations\/\d+)\/?$/, ['project', 'taskID'], {how: 'json', keys: ANNOTATION, check: answer, mine: true}],
    ['PATCH', /^\/api\/(drafts\/\d+)\/?$/, ['project'], {how: 'json', keys: ANNOTATION, check: answer, mine: true}],
    // An answer is taken back only when it was a skip; every other one can be changed, and stays.
    ['DELETE', /^\/api\/(annotations\/\d+)\/?$/, ['project', 'taskID'],
        {how: 'json', keys: ['project'], mine: true, only: found => found.was_cancelled === true}],
    ['DELETE', /^\/api\/(drafts\/\d+)\/?$/, ['project'], {how: 'json', keys: ['project'], mine: true}],
];

// The one entry: passes on what is allowed, answers 403 to everything else.
async function handle(r) {
    try {
        const call = allowed(r);
        refuse(!call, 'not a call that the editor needs');
        refuse(isFromElsewhere(r, call.how), 'a request of another page');
        const parameters = queried(r, call);
        const body = read(r, call, parameters);
        if (call.mine) {
            await owned(r, call);
        }
        if (call.how === 'people') {
            // njs 0.7 ends the worker where an `await` stands inside of an expression.
            const me = await asked(r, 'api/current-user/whoami');
            const all = await asked(r, 'api/users/');
            answerJson(r, 200, all.map(user => user.id === me.id ? me : unnamed(user)));
            return;
        }
        if (call.how === 'tokens') {
            answerJson(r, 200, {api_tokens_enabled: false, legacy_api_tokens_enabled: false});
            return;
        }
        r.variables.passed_uri = r.uri + parameters;
        r.variables.passed_body = body;
        r.variables.passed_type = call.how === 'form' ? 'application/x-www-form-urlencoded' : body && 'application/json';
        r.variables.passed_accept = /^\/api\//.test(r.uri) ? 'application/json' : '*/*';
        r.internalRedirect('@label_studio');
    } catch (error) {
        answerJson(r, error.status || 403, {detail: 'refused by the proxy: ' + (error.why || 'not understood')});
    }
}

function answerJson(r, status, answer) {
    r.headersOut['Content-Type'] = 'application/json';
    r.return(status, JSON.stringify(answer) + '\n');
}

function refuse(when, why, status) {
    if (when) {
        throw {why: why, status: status};
    }
}

// The call that is meant, nothing when there is none. A path that is not written as it is meant (%2f, //, ..) is none.
function allowed(r) {
    const asked = r.variables.request_uri.split('?')[0];
    if (asked !== r.uri || /\.\.|\/\/|[^\w.\/-]/.test(asked)) {
        return null;
    }
    const found = CALLS.find(call => call[0] === r.method && call[1].test(r.uri));
    return found && Object.assign({path: found[1], parameters: found[2]}, found[3]);
}

// Label Studio checks no CSRF token on its API, and pages of other ports of a host are the same site to a browser.
function isFromElsewhere(r, how) {
    const origin = r.headersIn['Origin'], site = r.headersIn['Sec-Fetch-Site'];
    if (r.method !== 'GET') {
        return origin !== r.variables.scheme + '://' + r.headersIn['Host'] || (site !== undefined && site !== 'same-origin');
    }
    const opened = r.headersIn['Sec-Fetch-Mode'] === 'navigate' && r.headersIn['Sec-Fetch-Dest'] === 'document';
    return site !== undefined && site !== 'same-origin' && site !== 'none' && !(how === 'page' && opened);
}

// The query written anew; pages and assets get none, the browser alone reads theirs.
function queried(r, call) {
    if (call.how === 'page' || call.how === 'asset' || call.how === 'form') {
        return '';
    }
    const names = Object.keys(r.args);
    refuse(!names.every(name => call.parameters.includes(name)), 'an unknown parameter');
    // One that is given twice comes as a list.
    refuse(!names.every(name => typeof r.args[name] === 'string' && /^[\w,. -]*$/.test(r.args[name])), 'a strange parameter');
    return names.length ? '?' + names.map(name => name + '=' + encodeURIComponent(r.args[name])).join('&') : '';
}

// The body written anew, with the keys that the editor sends.
function read(r, call, parameters) {
    const text = r.requestText || '';
    if (call.how === 'form') {
        return text;
    }
    if (call.how !== 'json') {
        refuse(text !== '', 'a body');
        return '';
    }
    if (r.method === 'DELETE' && text === '') {
        return '';
    }
    const type = (r.headersIn['Content-Type'] || '').toLowerCase().replace(/ /g, '');
    refuse(type !== 'application/json' && type !== 'application/json;charset=utf-8', 'a body that is no JSON', 415);
    let body;
    try {
        body = JSON.parse(text);
    } catch (error) {
        refuse(true, 'a body that is no JSON', 400);
    }
    refuse(!isObject(body) || !Object.keys(body).every(key => call.keys.includes(key)), 'a field that the editor does not send');
    refuse(call.check && !call.check(body, r.args), 'a value that the editor does not send');
    if (!call.keep) {
        DROPPED.forEach(key => delete body[key]);
    }
    return r.method === 'DELETE' ? '' : JSON.stringify(body);
}

function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value) {
    return value === undefined || value === null || typeof value === 'number' || /^\d+$/.test(value);
}

function isFlag(value) {
    return value === undefined || typeof value === 'boolean';
}

function answer(body) {
    return (body.result === undefined || Array.isArray(body.result))
        && ['lead_time', 'draft_id', 'parent_prediction', 'parent_annotation'].every(key => isNumber(body[key]))
        && isFlag(body.was_cancelled) && isFlag(body.was_postponed);
}

// The next task of the label stream, and no choice of tasks.
function nextTask(body, args) {
    return args.id === 'next_task' && isNumber(body.project);
}

// The tab that the page makes in a project that has none yet: it filters nothing, so that all people get all tasks.
function plainTab(body) {
    const data = body.data;
    return isObject(data) && isNumber(body.project) && TABS.includes(data.type) && (data.target || 'tasks') === 'tasks'
        && isEmptyList(data.ordering) && (isMissing(data.filters) || isObject(data.filters))
        && isEmptyList((data.filters || {}).items)
        && data.selectedItems === undefined;
}

function isMissing(value) {
    return value === undefined || value === null;
}

// An object with a length is no list: Label Studio would read what is in it.
function isEmptyList(value) {
    return isMissing(value) || (Array.isArray(value) && value.length === 0);
}

// Of another account only what the list of tasks cannot do without.
function unnamed(user) {
    return {id: user.id, first_name: '', last_name: '', username: '', email: '', avatar: null, initials: user.initials};
}

async function asked(r, path) {
    const reply = await r.subrequest('/.label-studio/' + path);
    refuse(reply.status === 401, 'not logged in', 401);
    refuse(reply.status === 404, 'nothing there', 404);
    refuse(reply.status !== 200, 'no answer of Label Studio', 502);
    return JSON.parse(reply.responseText);
}

// Label Studio lets everybody change every answer and draft: here people change their own.
async function owned(r, call) {
    const me = await asked(r, 'api/current-user/whoami');
    const found = await asked(r, 'api/' + call.path.exec(r.uri)[1] + '/');
    refuse(found.completed_by === undefined ? found.user !== me.email : found.completed_by !== me.id, 'of somebody else');
    refuse(call.only && !call.only(found), 'not a skip');
}

// Cookies have other names towards the browser: on Label Studio's own port, which others of this host can reach, they
// are worth nothing.
function cookies(r) {
    r.headersOut['Set-Cookie'] = (r.headersOut['Set-Cookie'] || []).map(
        cookie => 'clincurate_' + cookie + (r.variables.scheme === 'https' ? '; Secure' : ''));
}

export default {handle, cookies};

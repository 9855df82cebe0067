"""What Python programs lean on, each part with one line of output."""
import asyncio, hashlib, json, os, queue, signal, subprocess, sys, tempfile, threading, time, zlib

results = queue.Queue()
threads = [threading.Thread(target=lambda i=i: results.put(sum(range(i * 1000)))) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("threads", sum(results.get() for _ in range(8)))

print("subprocess", subprocess.run(["/bin/echo", "from a child"], capture_output=True, text=True, check=True).stdout.strip())
print("status", subprocess.run([sys.executable, "-S", "-c", "import sys; sys.exit(9)"]).returncode)
print("shell", subprocess.check_output("echo one two | tr a-z A-Z; exit 0", shell=True, text=True).strip())
cat = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print("cat", len(cat.communicate(b"x" * 300000)[0]))
sleeper = subprocess.Popen(["/bin/sleep", "100"])
sleeper.terminate()
print("terminated", sleeper.wait())
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as error:
    print("missing", error.errno)

print("json", json.dumps(json.loads('{"a": [1, 2.5, null, "ü"]}'), ensure_ascii=True))
print("hash", hashlib.sha256(b"spore" * 1000).hexdigest()[:16], zlib.crc32(b"spore"))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file")
    with open(path, "w") as file: file.write("text\n" * 1000)
    os.rename(path, path + ".new")
    os.symlink("file.new", path)
    print("files", os.path.getsize(path), sorted(os.listdir(folder)), os.readlink(path))
print("gone", os.path.exists(folder))

async def worker(n):
    await asyncio.sleep(0.01 * n)
    return n

async def main():
    done = await asyncio.gather(*(worker(n) for n in range(5)))
    child = await asyncio.create_subprocess_exec("/bin/echo", "async child", stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError:
        return done, out.decode().strip(), "timeout"
print("asyncio", asyncio.run(main()))

caught = []
signal.signal(signal.SIGALRM, lambda number, frame: caught.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.pause()
print("alarm", caught == [signal.SIGALRM])
child = os.fork()
if child == 0: os._exit(17)
print("fork", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
before = time.monotonic(); time.sleep(0.05)
print("clock", time.monotonic() - before >= 0.05, time.time() > 1.7e9)

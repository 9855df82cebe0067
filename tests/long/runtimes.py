"""What languages' runtimes ask of a system: threads, their memory, processes, sockets, watched files, each in one program that prints what it found."""
from system.case import Case, tools

ONCE = {"machines": ("microvm",), "modes": ("fused",), "cpus": (2,), "memory": "1G", "timeout": 300}
SHELL = tools("/bin/sh", "/bin/cat", "/bin/echo")

JAVA = """
import com.sun.net.httpserver.HttpServer;
import java.net.*;
import java.net.http.*;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class Main {
    public static void main(String[] words) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Long>> parts = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            long factor = i;
            parts.add(pool.submit(() -> {  // garbage enough for some collections
                long sum = 0;
                Map<Integer, byte[]> kept = new HashMap<>();
                for (int j = 0; j < 20000; j++) {
                    kept.put(j % 500, new byte[1024]);
                    sum += kept.get(j % 500).length * factor;
                }
                return sum;
            }));
        }
        long sum = 0;
        for (var part : parts) sum += part.get();
        System.gc();
        System.out.println("sum " + sum);

        Path file = Files.write(Files.createTempFile("a", ""), new byte[1 << 20]), copy = Path.of("/tmp/copy");
        Files.copy(file, copy);
        System.out.println("differs at " + Files.mismatch(file, copy));
        try (var from = FileChannel.open(file); var to = FileChannel.open(copy, StandardOpenOption.WRITE)) {
            System.out.println("transferred " + from.transferTo(0, from.size(), to) + ", mapped " + from.map(FileChannel.MapMode.READ_ONLY, 0, 4096).get(5));
        }

        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("hi".getBytes());
            exchange.close();
        });
        server.setExecutor(pool);
        server.start();
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:8080/")).build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
        server.stop(0);

        Process child = new ProcessBuilder("/bin/echo", "child").start();
        System.out.print(new String(child.getInputStream().readAllBytes()) + child.waitFor() + "\\n");
        WatchService watch = FileSystems.getDefault().newWatchService();
        Path folder = Files.createTempDirectory("w");
        folder.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
        Files.createFile(folder.resolve("made"));
        System.out.println(watch.poll(30, TimeUnit.SECONDS).pollEvents().get(0).context());
        System.out.println(Runtime.getRuntime().availableProcessors() + " " + InetAddress.getByName("localhost"));
        pool.shutdown();
    }
}
"""
JAVA_SAYS = "sum 2457600000\ndiffers at -1\ntransferred 1048576, mapped 0\nhi\nchild\n0\nmade\n2 localhost/127.0.0.1\n"

NODE = """
const http = require('http'), fs = require('fs'), net = require('net'), crypto = require('crypto'), processes = require('child_process');
const {Worker, isMainThread, parentPort} = require('worker_threads');
function count() { let sum = 0; for (let i = 0; i < 1e6; i++) sum += i; return sum; }
async function main() {
    console.log((await Promise.all([1, 2, 3, 4].map(() => new Promise((done, failed) =>
        new Worker(__filename).on('message', done).on('error', failed))))).join());
    const server = http.createServer((request, response) => response.end('hi ' + request.url)).listen(8080, '127.0.0.1');
    await new Promise(done => server.once('listening', done));
    console.log(await (await fetch('http://127.0.0.1:8080/x')).text());
    server.close();
    console.log(processes.execSync('echo child').toString().trim(), processes.spawnSync('/bin/sh', ['-c', 'cat; exit 3'], {input: 'in'}).status);
    await new Promise(done => {
        const child = processes.fork(__filename, ['child']).on('message', text => { console.log(text); child.send('end'); }).on('exit', done);
    });
    const folder = fs.mkdtempSync('/tmp/w');
    await new Promise(done => {
        const watch = fs.watch(folder, (event, name) => { console.log(event, name); watch.close(); done(); });
        setTimeout(() => fs.writeFileSync(folder + '/made', 'x'), 50);
    });
    console.log((await require('dns').promises.lookup('localhost', 4)).address);
    console.log(crypto.pbkdf2Sync('p', 's', 1000, 32, 'sha512').toString('hex').slice(0, 8), crypto.generateKeyPairSync('rsa', {modulusLength: 1024}).publicKey.type);
    const unix = net.createServer(peer => peer.end('through a Unix socket')).listen('/tmp/s',
        () => net.connect('/tmp/s').on('data', text => { console.log('' + text); unix.close(); }));
    process.on('SIGUSR2', () => console.log('signal'));
    process.kill(process.pid, 'SIGUSR2');
}
if (!isMainThread) parentPort.postMessage(count());
else if (process.argv[2]) { process.on('message', () => process.exit(0)); process.send('from a child'); }
else main();
"""
NODE_SAYS = ("499999500000,499999500000,499999500000,499999500000\nhi /x\nchild 3\nfrom a child\nrename made\n127.0.0.1\ne3d368e7 public\n", "signal\n", "through a Unix socket\n")

RUBY = """
require 'socket'; require 'open3'; require 'net/http'; require 'etc'; require 'pty'; require 'timeout'; require 'openssl'
puts 4.times.map { |i| Thread.new { (1..10000).sum * i } }.map(&:value).inspect
reader, writer = IO.pipe
pid = fork { reader.close; writer.puts 'child'; exit!(3) }
writer.close
puts reader.read
Process.wait pid
puts $?.exitstatus
text, status = Open3.capture2('/bin/sh -c "cat; exit 2"', stdin_data: 'in')
puts text, status.exitstatus
server = TCPServer.new('127.0.0.1', 8081)
Thread.new do
  peer = server.accept
  nil while (line = peer.gets) && line != "\\r\\n"
  peer.write "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nhi"
  peer.close
end
puts Net::HTTP.get(URI('http://127.0.0.1:8081/'))
puts Etc.getpwuid.name, Etc.nprocessors, OpenSSL::Digest.hexdigest('SHA256', 'x')[0, 8]
PTY.spawn('/bin/sh', '-c', 'test -t 0 && echo terminal') { |output, _, child| puts output.gets.chomp; Process.wait child }
begin
  Timeout.timeout(0.1) { sleep }
rescue Timeout::Error
  puts 'timeout'
end
GC.start
GC.compact
"""
RUBY_SAYS = "[0, 50005000, 100010000, 150015000]\nchild\n3\nin\n2\nhi\nroot\n2\n2d711642\nterminal\ntimeout\n"

GO = """
package main

import ("fmt"; "io"; "net"; "net/http"; "os"; "os/exec"; "os/signal"; "os/user"; "runtime"; "sync"; "syscall")

func need(err error) {
	if err != nil { panic(err) }
}

func main() {
	var all sync.WaitGroup
	var guard sync.Mutex
	sum := 0
	for i := 0; i < 1000; i++ {
		all.Add(1)
		go func(i int) { defer all.Done(); guard.Lock(); sum += i; guard.Unlock() }(i)
	}
	all.Wait()
	var kept [][]byte
	for i := 0; i < 200; i++ { kept = append(kept[:i%50], make([]byte, 1<<20)) }
	runtime.GC()
	fmt.Println(sum, len(kept))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hi") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	need(err)
	go http.Serve(listener, nil)
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			answer, err := http.Get("http://" + listener.Addr().String())
			need(err)
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			if string(text) != "hi" { panic(string(text)) }
		}()
	}
	all.Wait()
	text, err := exec.Command("/bin/echo", "child").Output()
	need(err)
	fmt.Print(string(text))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	need(syscall.Kill(syscall.Getpid(), syscall.SIGUSR1))
	fmt.Println(<-signals)
	who, err := user.Current()
	need(err)
	fmt.Println(who.Username, runtime.NumCPU())
	defer func() { fmt.Println(recover()) }()
	var nothing *int
	*nothing = 1
}
"""
GO_SAYS = "499500 50\nchild\nuser defined signal 1\nroot 2\nruntime error: invalid memory address or nil pointer dereference\n"

GIT = """
export HOME=/tmp GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z
cd /tmp
git config --global user.email a@b && git config --global user.name n && git config --global init.defaultBranch main
git init -q one && cd one
for i in 1 2 3 4 5 6 7 8 9; do echo $i > f$i; git add .; git commit -qm "c$i"; done
git checkout -q -b side && echo y > f1 && git commit -qam y && git checkout -q main && git merge -q side
git gc -q && git fsck && cd .. && git clone -q one two && cd two && git --no-pager log --oneline | cat && git status --short
"""
GIT_SAYS = """6419404 y
7109e3a c9
80f79b4 c8
c8d1c2d c7
d0cef14 c6
6e5a2b5 c5
0635dda c4
6def47c c3
5c6fa69 c2
35907e4 c1
"""


def compiled(name, source, compile, command, says, **more):
    """A program that this machine compiles, and the guest runs."""
    compiler = next(word for word in compile.split() if word.startswith("/"))
    return Case(name, [], script=f'{compile}\n"$SPORE" run $OPTIONS {command}', options=["-v", "{scratch}/out:/out", *SHELL],
                needs=(compiler,), files={source[0]: source[1]}, stdout=says, **ONCE, **more)


# Debian's link in /usr/bin is made when the package is installed.
WHICH_JAVA = "case $OPTIONS in *virt*) java=/usr/lib/jvm/java-17-openjdk-arm64/bin/java;; *) java=/usr/bin/java;; esac"

CASES = [
    compiled("java", ("Main.java", JAVA), f"/usr/bin/javac -d out Main.java\n{WHICH_JAVA}", "$java -cp /out Main", JAVA_SAYS, installed="openjdk-17-jre-headless"),
    compiled("go", ("main.go", GO), "/usr/bin/go build -o out/main main.go", "./out/main", GO_SAYS, arm64=False),  # it would want a C compiler for arm64
    compiled("go-static", ("main.go", GO), "CGO_ENABLED=0 GOARCH=$(case $OPTIONS in *virt*) echo arm64;; esac) /usr/bin/go build -o out/main main.go", "./out/main", GO_SAYS),
    Case("node", ["/usr/bin/node", "/main.js"], options=["-v", "{scratch}/main.js:/main.js", *SHELL], needs=("/usr/bin/node",), installed="nodejs", files={"main.js": NODE},
         check=lambda completed: None if all(part in completed.stdout.decode() for part in NODE_SAYS) else f"stdout is {completed.stdout!r}", **ONCE),
    Case("ruby", ["/usr/bin/ruby", "/main.rb"], options=["-v", "{scratch}/main.rb:/main.rb", *SHELL], needs=("/usr/bin/ruby",), installed="ruby", files={"main.rb": RUBY}, stdout=RUBY_SAYS, **ONCE),
    Case("git", ["/bin/sh", "-eu", "/script"], options=["-v", "{scratch}/script:/script", "-v", "{system}/usr/lib/git-core:/usr/lib/git-core", *tools("/usr/bin/git", "/bin/cat")],
         needs=("/usr/bin/git",), installed="git", files={"script": GIT}, stdout=GIT_SAYS, **ONCE),
]

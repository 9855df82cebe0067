"""More of Debian's runtimes, tools and stores."""
from long.debian import inside

R = r"""
export LD_LIBRARY_PATH=/usr/lib/$(uname -m)-linux-gnu/blas:/usr/lib/$(uname -m)-linux-gnu/lapack
cd /tmp
cp /usr/lib/R/etc/Renviron.ucf /etc/R/Renviron
ln -s which.debianutils /usr/bin/which
export LC_ALL=C.UTF-8
cat >a.R <<'X'
set.seed(1)
x <- 1:100; y <- 3 * x + 2 + rnorm(100)
print(round(coef(lm(y ~ x)), 1))
print(dim(solve(matrix(runif(40000), 200))))
print(unlist(parallel::mclapply(1:4, function(i) i * i, mc.cores = 2)))
cat(system("echo child", intern = TRUE), "\n")
print(sort(table(strsplit("mississippi", "")[[1]])))
pdf("a.pdf"); plot(x, y); invisible(dev.off())
cat(file.exists("a.pdf"), "\n")
X
Rscript a.R
"""
R_SAYS = """(Intercept)           x 
        2.1         3.0 
[1] 200 200
[1]  1  4  9 16
child 

m p i s 
1 2 4 4 
TRUE 
"""

FFMPEG = r"""
export LD_LIBRARY_PATH=/usr/lib/$(uname -m)-linux-gnu/blas:/usr/lib/$(uname -m)-linux-gnu/lapack
cd /tmp
ffmpeg -v error -f lavfi -i testsrc=d=1:s=160x120:r=10 -f lavfi -i sine=440:d=1 -c:v libx264 -preset ultrafast -c:a aac a.mp4 </dev/null
ffprobe -v error -show_entries stream=codec_name,nb_frames,width -of csv=p=0 a.mp4
ffmpeg -v error -threads 2 -i a.mp4 -vf scale=80:60 -c:v mpeg4 -an -f avi - </dev/null | ffmpeg -v error -i - -f framemd5 - | grep -cv '^#'
ffmpeg -v error -i a.mp4 -vn a.wav </dev/null
head -c 4 a.wav
echo
"""
FFMPEG_SAYS = """h264,160,10
aac,45
10
RIFF
"""

ETCD = r"""
cd /tmp
export ETCDCTL_API=3
etcd --data-dir /tmp/d 2>log & server=$!
until etcdctl put a 1 2>/dev/null; do sleep 0.5; done
etcdctl watch --prefix a >watched & watch=$!
for i in 2 3 4; do etcdctl put a$i $i; done
etcdctl get --prefix a
etcdctl txn <<X
value("a") = "1"

put a changed

put a not

X
etcdctl get a --print-value-only
etcdctl del --prefix a
kill $watch $server
wait $server || echo "ended with $?"
"""
ETCD_SAYS = """OK
OK
OK
OK
a
1
a2
2
a3
3
a4
4
SUCCESS

OK
changed
4
ended with 143
"""

INFLUX = r"""
cd /tmp
printf 'reporting-disabled = true\nbind-address = "127.0.0.1:8088"\n[meta]\ndir = "/tmp/m"\n[data]\ndir = "/tmp/d"\nwal-dir = "/tmp/w"\n[http]\nbind-address = "127.0.0.1:8086"\nlog-enabled = false\n' >i.conf
influxd -config i.conf >log 2>&1 & server=$!
until curl -sf 127.0.0.1:8086/ping; do sleep 0.5; done
ask() { influx -database b -format csv -execute "$1"; }
influx -execute 'create database b'
for i in 1 2 3 4; do echo "load,host=h$i value=$i ${i}000000000"; done | curl -s --data-binary @- '127.0.0.1:8086/write?db=b'
ask 'select sum(value), max(value) from load'
ask 'select value from load where host = '"'h3'"
kill $server
wait $server
"""
INFLUX_SAYS = """name,time,sum,max
load,0,10,4
name,time,value
load,3000000000,3
"""

MONO = r"""
cd /tmp
cat >a.cs <<'X'
using System; using System.Linq; using System.Threading.Tasks; using System.Net; using System.Net.Sockets;
class A { static void Main() {
  Console.WriteLine(string.Join(" ", Enumerable.Range(1, 5).AsParallel().AsOrdered().Select(i => i * i)));
  var l = new TcpListener(IPAddress.Loopback, 0); l.Start();
  var t = Task.Run(() => { using (var c = l.AcceptTcpClient()) return c.GetStream().ReadByte(); });
  using (var c = new TcpClient()) { c.Connect(IPAddress.Loopback, ((IPEndPoint)l.LocalEndpoint).Port); c.GetStream().WriteByte(42); }
  Console.WriteLine(t.Result);
  try { object o = null; o.ToString(); } catch (NullReferenceException) { Console.WriteLine("caught"); }
  for (int i = 0; i < 100000; i++) new byte[1000].ToString(); GC.Collect(); Console.WriteLine("collected");
} }
X
mcs a.cs
mono a.exe
"""
MONO_SAYS = """1 4 9 16 25
42
caught
collected
"""

# A browser without a screen: several processes of many threads, a page that computes, a picture and a document of it.
CHROMIUM = r"""
cd /tmp
export HOME=/tmp
echo '<html><body><p id="x">none</p><script>document.getElementById("x").textContent = "computed " + 6 * 7</script></body></html>' >page.html
page() { chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "$@" file:///tmp/page.html 2>>errors; }
page --dump-dom | grep -o 'computed 42</p>'
page --screenshot=/tmp/picture.png --window-size=200,100
head -c 4 picture.png | tail -c 3
echo
page --print-to-pdf=/tmp/page.pdf
head -c 4 page.pdf
echo
"""
CHROMIUM_SAYS = "computed 42</p>\nPNG\n%PDF\n"

CASES = [
    inside("chromium", ("chromium",), CHROMIUM, CHROMIUM_SAYS, memory="2G"),
    inside("r", ("r-base-core",), R, R_SAYS),
    inside("ffmpeg", ("ffmpeg",), FFMPEG, FFMPEG_SAYS),
    inside("etcd", ("etcd-server", "etcd-client"), ETCD, ETCD_SAYS),
    inside("mono", ("mono-runtime", "mono-mcs"), MONO, MONO_SAYS),
    inside("influx", ("influxdb", "influxdb-client"), INFLUX, INFLUX_SAYS),
]

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/binding.hpp"
#include "wire/net/checksum.hpp"
#include "/tmp/tcpt/wire.hpp"
namespace spore::net {
class Neighbour : public Counted {};
std::deque<Wired> the_wire;
u16 the_mtu = 1500; u32 the_tso = 65535;
Path::Path(Path&&) noexcept = default;
Path& Path::operator=(Path&&) noexcept = default;
Path::~Path() = default;
Result<Path> Path::find(const IpAddress& d, const PathHints& h) { Path p; p.destination_ = d; p.source_ = h.source.is_unspecified() ? IpAddress::v4(0x0a000001) : h.source; return std::move(p); }
u16 Path::mtu() const { return the_mtu; }
u32 Path::max_segmented(device::Segmentation) const { return the_tso; }
Result<void> Path::send(Owned<device::Packet> p, const IpOptions& o) { the_wire.push_back({std::move(p), source_, destination_, o.traffic_class}); return {}; }
void Path::confirm() {}
u16 pseudo_header_sum(const IpAddress& s, const IpAddress& d, u8 proto, u32 size) { wire::InternetSum sum; sum.add(s.wire_bytes()); sum.add(d.wire_bytes()); sum.add(u32{proto}); sum.add(size); return sum.fold(); }
u64 drops[drop_reasons];
void count_drop(Drop r) { ++drops[(int)r]; }
u64 dropped(Drop r) { return drops[(int)r]; }
Result<void> Binding::listen() { return {}; }
Binding::~Binding() {}
class PortTable { public: static Owned<Binding> make(Endpoint e) { return Owned<Binding>(new Binding(Transport::tcp, e, {})); } };
Owned<Binding> make_binding(Endpoint e) { return PortTable::make(e); }
bool is_bound(Transport, u16) { return false; }
}

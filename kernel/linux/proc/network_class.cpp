// /sys/class/net: a directory for each interface [linux Documentation/ABI/testing/sysfs-class-net].
#include "kernel/linux/proc/network.hpp"
#include "kernel/linux/socket/inet/interface_view.hpp"

namespace spore::linux::proc {

using namespace fs::generated;

namespace {

Result<void> show_mac(const net::Interface& interface, TextSink& out) {
    TRY(print_mac(out, interface.mac()));
    return out.write("\n");
}

struct Attribute {
    std::string_view name;
    Result<void> (*show)(const net::Interface& interface, TextSink& out);
};
constexpr Attribute attributes[] = {
    {"address", show_mac},
    {"broadcast", [](const net::Interface& interface, TextSink& out) { return out.write(interface.loopback() ? "00:00:00:00:00:00\n" : "ff:ff:ff:ff:ff:ff\n"); }},
    {"carrier", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", interface.up() ? 1 : 0); }},
    {"flags", [](const net::Interface& interface, TextSink& out) { return out.print("0x{:x}\n", flags_of(interface) & 0xffff); }},
    {"ifindex", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", interface.index()); }},
    {"iflink", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", interface.index()); }},
    {"mtu", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", interface.mtu()); }},
    {"operstate", [](const net::Interface& interface, TextSink& out) { return out.write(interface.loopback() ? "unknown\n" : interface.up() ? "up\n" : "down\n"); }},
    {"tx_queue_len", [](const net::Interface&, TextSink& out) { return out.write("1000\n"); }},
    {"type", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", hardware_type(interface)); }},
};
constexpr Attribute statistics[] = {
    {"rx_bytes", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).bytes_received); }},
    {"rx_dropped", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).receive_no_memory); }},
    {"rx_errors", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).receive_errors); }},
    {"rx_packets", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).packets_received); }},
    {"tx_bytes", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).bytes_sent); }},
    {"tx_dropped", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).send_queue_full); }},
    {"tx_errors", [](const net::Interface&, TextSink& out) { return out.write("0\n"); }},
    {"tx_packets", [](const net::Interface& interface, TextSink& out) { return out.print("{}\n", counters_of(interface).packets_sent); }},
};

class AttributeFile final : public GeneratedText {
public:
    AttributeFile(const net::Interface& interface, const Attribute& attribute) : interface_(interface), attribute_(attribute) {}
    Result<void> produce(TextSink& out) override { return attribute_.show(interface_, out); }

private:
    const net::Interface& interface_;
    const Attribute& attribute_;
};

/// An interface's directory, or its statistics.
class InterfaceDirectory final : public GeneratedDirectory {
public:
    InterfaceDirectory(const net::Interface& interface, std::span<const Attribute> files, bool top) : interface_(interface), files_(files), top_(top) {}
    Result<Shared<Node>> find(std::string_view name) override {
        if (top_ && name == "statistics") return Shared<Node>(TRY(make_shared<InterfaceDirectory>(interface_, statistics, false)));
        for (auto& file : files_)
            if (file.name == name) return Shared<Node>(TRY(make_shared<AttributeFile>(interface_, file)));
        return fail(Error::not_found);
    }
    Result<void> list(NodeLister& lister) override {
        u64 key = 0;
        for (auto& file : files_)
            if (++key > lister.after() && !lister.entry(file.name, fs::FileType::regular, key)) return {};
        if (top_ && ++key > lister.after()) (void)lister.entry("statistics", fs::FileType::directory, key);
        return {};
    }

private:
    const net::Interface& interface_;  // interfaces stay
    std::span<const Attribute> files_;
    bool top_;
};

class InterfacesDirectory final : public GeneratedDirectory {
public:
    Result<Shared<Node>> find(std::string_view name) override {
        auto* interface = net::find_interface(name);
        if (!interface) return fail(Error::not_found);
        return Shared<Node>(TRY(make_shared<InterfaceDirectory>(*interface, proc::attributes, true)));
    }
    Result<void> list(NodeLister& lister) override {
        for (u32 index = static_cast<u32>(lister.after()) + 1; auto* interface = net::interface(index); ++index)
            if (!lister.entry(interface->name(), fs::FileType::directory, index)) return {};
        return {};
    }
};

class ClassDirectory final : public GeneratedDirectory {
public:
    Result<Shared<Node>> find(std::string_view name) override {
        if (name != "net") return fail(Error::not_found);
        return Shared<Node>(TRY(make_shared<InterfacesDirectory>()));
    }
    Result<void> list(NodeLister& lister) override {
        if (lister.after() == 0) (void)lister.entry("net", fs::FileType::directory, 1);
        return {};
    }
};

}  // namespace

Result<Shared<Node>> make_class_directory() { return Shared<Node>(TRY(make_shared<ClassDirectory>())); }

}  // namespace spore::linux::proc

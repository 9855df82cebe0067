#include "host/snapshot/saved_machine.hpp"

#include <nlohmann/json.hpp>

namespace spore::host {

namespace {

constexpr int version = 1;

class Reader {
public:
    explicit Reader(const nlohmann::json& json) : json_(json) {}

    Outcome<std::string> text(const char* key) const {
        auto found = json_.find(key);
        if (found == json_.end() || !found->is_string()) return wrong(key);
        return found->get<std::string>();
    }
    Outcome<std::vector<std::string>> texts(const char* key) const {
        auto found = json_.find(key);
        if (found == json_.end() || !found->is_array()) return wrong(key);
        std::vector<std::string> all;
        for (const auto& one : *found) {
            if (!one.is_string()) return wrong(key);
            all.push_back(one.get<std::string>());
        }
        return all;
    }
    Outcome<u64> number(const char* key, u64 most) const {
        auto found = json_.find(key);
        if (found == json_.end() || !found->is_number_unsigned() || found->get<u64>() > most) return wrong(key);
        return found->get<u64>();
    }
    template <typename T>
    Outcome<T> named(const char* key) const {
        auto value = from_name<T>(TRY(text(key)));
        if (!value) return wrong(key);
        return *value;
    }
    bool has(const char* key) const { return json_.contains(key); }
    static std::unexpected<Failure> wrong(const char* key) { return failure(ExitStatus::failed, "'{}' is missing, or not as spore writes it", key); }

private:
    const nlohmann::json& json_;
};

constexpr u64 most_memory = u64{1} << 46, most_cpus = 64;

}  // namespace

std::string SavedMachine::to_json() const {
    std::vector<std::string> ports;
    for (const auto& port : plan.network.ports) ports.push_back(text_of(port));
    nlohmann::ordered_json json{
        {"version", version},
        {"arguments", plan.arguments},
        {"architecture", facts_of(plan.architecture).name},
        {"machine", name_of(plan.machine)},
        {"bus", name_of(plan.bus)},
        {"accelerator", name_of(plan.accelerator)},
        {"memory", plan.memory},
        {"cpus", plan.cpus},
        {"root", name_of(root_place)},
        {"disk", name_of(plan.disk.value_or(Disk::virtio))},
        {"firmware", firmware},
        {"network", text_of(plan.network.choice)},
        {"nic", name_of(plan.network.nic)},
        {"mac", text_of(plan.network.mac)},
        {"ports", ports},
    };
    if (plan.gic) json["gic"] = name_of(*plan.gic);
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Outcome<SavedMachine> SavedMachine::from_json(std::string_view text) {
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return failure(ExitStatus::failed, "it is damaged");
    Reader reader(json);
    if (TRY(reader.number("version", ~0u)) != version) return failure(ExitStatus::failed, "it is of another version of spore: save the machine anew with this one");
    SavedMachine saved;
    auto& plan = saved.plan;
    plan.arguments = TRY(reader.texts("arguments"));
    if (plan.arguments.empty()) return Reader::wrong("arguments");
    plan.program = plan.arguments[0];
    plan.architecture = TRY(reader.named<Architecture>("architecture"));
    plan.machine = TRY(reader.named<Machine>("machine"));
    plan.bus = TRY(reader.named<Bus>("bus"));
    plan.accelerator = TRY(reader.named<Accelerator>("accelerator"));
    plan.memory = TRY(reader.number("memory", most_memory));
    plan.cpus = static_cast<unsigned>(TRY(reader.number("cpus", most_cpus)));
    if (!plan.cpus) return Reader::wrong("cpus");
    plan.disk = TRY(reader.named<Disk>("disk"));
    if (reader.has("gic")) plan.gic = TRY(reader.named<Gic>("gic"));
    plan.network.choice = TRY(parse_network(TRY(reader.text("network"))));
    plan.network.nic = TRY(reader.named<Nic>("nic"));
    plan.network.mac = TRY(parse_mac(TRY(reader.text("mac"))));
    for (const auto& port : TRY(reader.texts("ports")))
        for (const auto& one : TRY(parse_ports(port))) plan.network.ports.push_back(one);
    plan.restored = true;
    saved.root_place = TRY(reader.named<RootPlace>("root"));
    auto firmware = json.find("firmware");
    if (firmware == json.end() || !firmware->is_boolean()) return Reader::wrong("firmware");
    saved.firmware = firmware->get<bool>();
    return saved;
}

}  // namespace spore::host

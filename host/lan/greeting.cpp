#include "host/lan/greeting.hpp"

#include <nlohmann/json.hpp>

#include "host/lan/addresses.hpp"

namespace spore::host::lan {

namespace {

std::string line_of(const nlohmann::json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"; }

std::unexpected<Failure> damaged() { return failure(ExitStatus::failed, "a greeting of the network is damaged: are tool and network of one version?"); }

}  // namespace

std::string Arrival::to_line() const {
    std::vector<std::string> texts;
    for (const auto& port : ports) texts.push_back(text_of(port));
    return line_of({{"name", name}, {"insists", insists}, {"ports", texts}});
}

Outcome<Arrival> Arrival::from_line(std::string_view line) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json["name"].is_string() || !json["insists"].is_boolean() || !json["ports"].is_array()) return damaged();
    Arrival arrival{.name = TRY(parse_host_name(json["name"].get<std::string>())), .insists = json["insists"].get<bool>(), .ports = {}};
    for (const auto& text : json["ports"]) {
        if (!text.is_string()) return damaged();
        for (const auto& port : TRY(parse_ports(text.get<std::string>()))) arrival.ports.push_back(port);
    }
    return arrival;
}

std::string Welcome::to_line() const { return line_of({{"number", number}, {"name", name}}); }

std::string Welcome::refusal(std::string_view why) { return line_of({{"refused", why}}); }

Outcome<Welcome> Welcome::from_line(std::string_view line) {
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return damaged();
    if (json["refused"].is_string()) return failure(ExitStatus::failed, "{}", json["refused"].get<std::string>());
    if (!json["number"].is_number_unsigned() || !json["name"].is_string()) return damaged();
    auto number = json["number"].get<u64>();
    if (number < first_member || number > last_member) return damaged();
    return Welcome{static_cast<unsigned>(number), TRY(parse_host_name(json["name"].get<std::string>()))};
}

}  // namespace spore::host::lan

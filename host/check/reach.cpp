#include "host/check/reach.hpp"

#include <algorithm>
#include <deque>

#include "host/check/call_table.hpp"

namespace spore::host {

namespace {

struct Place {
    std::size_t file, function;
    auto operator<=>(const Place&) const = default;
};

class Search {
public:
    explicit Search(const std::vector<NamedCode>& files) : files_(files) {
        for (std::size_t i = 0; i < files.size(); ++i)
            for (const auto& symbol : files[i].code.image().dynamic_symbols())
                if (symbol.defined && symbol.function) exports_.emplace(symbol.name, Export{i, symbol.address});
    }

    Findings run() {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            // Libraries have no entry of their own, except for the loader.
            if (files_[i].code.image().entry()) reach_address(i, files_[i].code.image().entry());
            for (auto function : files_[i].code.functions_in_data()) reach({i, function});
        }
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (files_[i].role == Role::library) continue;
            for (const auto& symbol : files_[i].code.image().dynamic_symbols()) {
                if (!symbol.defined) wanted_.insert(symbol.name), reach_symbol(symbol.name);
                else if (files_[i].role == Role::other && symbol.function) reach_address(i, symbol.address);
            }
        }
        while (!work_.empty()) {
            auto place = work_.front();
            work_.pop_front();
            visit(place);
        }
        follow_parameters();
        return std::move(findings_);
    }

private:
    const Function& function_at(Place place) const { return files_[place.file].code.functions()[place.function]; }
    void reach(Place place) {
        if (reached_.insert(place).second) work_.push_back(place);
    }
    void reach_address(std::size_t file, u64 address) {
        if (auto function = files_[file].code.function_at(address)) reach({file, *function});
    }
    void reach_symbol(std::string_view name) {
        if (name == "dlopen") findings_.loads_plugins = true;
        auto [first, last] = exports_.equal_range(name);
        for (auto found = first; found != last; ++found) reach_address(found->second.file, found->second.address);
    }
    void visit(Place place) {
        const auto& function = function_at(place);
        for (auto address : function.calls) reach_address(place.file, address);
        for (auto name : function.imports) reach_symbol(name);
        for (auto at : function.system_calls) add(place, files_[place.file].code.call_number_at(at));
    }
    /// A system call in `place` with this number.
    void add(Place place, const RegisterValue& value) {
        const auto& code = files_[place.file].code;
        const auto& function = function_at(place);
        for (auto number : value.constants)
            if (number < call_numbers) note(place, static_cast<u32>(number), is_wanted(place.file, function));
        for (auto reg : value.parameters)
            if (takes_number_.insert({place, reg}).second) numbered_.push_back({place, reg});
        // What one thread asked for with set*id, all others repeat: its number is another function's.
        if (value.unknown && !function.handles_setxid) findings_.unclear.insert(files_[place.file].name + ": " + code.name_of(function));
    }
    void note(Place place, u32 number, bool by_name) {
        auto& call = findings_.calls[number];
        call.evidence = std::max(call.evidence, by_name ? Evidence::by_name : Evidence::possible);
        call.by.insert(files_[place.file].name + ": " + files_[place.file].code.name_of(function_at(place)));
    }
    /// The program itself asks for this function by its name.
    bool is_wanted(std::size_t file, const Function& function) const {
        if (files_[file].role == Role::program) return false;
        for (const auto& symbol : files_[file].code.image().dynamic_symbols())
            if (symbol.defined && symbol.address == function.start && wanted_.contains(symbol.name)) return true;
        return false;
    }
    /// Functions that take a call's number as an argument, like syscall(3): what do their callers give them?
    void follow_parameters() {
        constexpr std::size_t most = 64;
        for (std::size_t i = 0; i < numbered_.size() && i < most; ++i) {
            auto [target, reg] = numbered_[i];
            for (auto place : std::set(reached_)) {
                const auto& code = files_[place.file].code;
                for (const auto& site : function_at(place).sites) {
                    if (!leads_to(place.file, site, target)) continue;
                    add_from_site(place, code.value_before(site.at, reg));
                }
            }
        }
    }
    void add_from_site(Place place, const RegisterValue& value) {
        for (auto number : value.constants)
            if (number < call_numbers) note(place, static_cast<u32>(number), files_[place.file].role == Role::program);
        for (auto reg : value.parameters)
            if (takes_number_.insert({place, reg}).second) numbered_.push_back({place, reg});
        if (value.unknown) findings_.unclear.insert(files_[place.file].name + ": " + files_[place.file].code.name_of(function_at(place)));
    }
    bool leads_to(std::size_t file, const Function::CallSite& site, Place target) const {
        u64 start = function_at(target).start;
        if (!site.import.empty()) return is_export(site.import, target.file, start);
        if (file == target.file && site.target == start) return true;
        // A stub of the linkage table: one jump through a word with a symbol.
        auto stub = files_[file].code.function_at(site.target);
        if (!stub) return false;
        const auto& function = files_[file].code.functions()[*stub];
        constexpr u64 largest_stub = 32;
        return function.start == site.target && function.end - function.start <= largest_stub && function.imports.size() == 1 &&
               is_export(function.imports[0], target.file, start);
    }
    bool is_export(std::string_view name, std::size_t file, u64 address) const {
        auto [first, last] = exports_.equal_range(name);
        return std::any_of(first, last, [&](const auto& one) { return one.second.file == file && one.second.address == address; });
    }

    const std::vector<NamedCode>& files_;
    struct Export {
        std::size_t file;
        u64 address;
    };
    /// Which of several the loader would choose depends on who is loaded: each counts.
    std::multimap<std::string_view, Export> exports_;
    std::set<std::string_view> wanted_;
    std::set<Place> reached_;
    std::deque<Place> work_;
    std::set<std::pair<Place, Register>> takes_number_;
    std::vector<std::pair<Place, Register>> numbered_;
    Findings findings_;
};

}  // namespace

std::string_view name_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::seen: return "seen";
        case Evidence::by_name: return "by name";
        case Evidence::possible: return "possible";
    }
    return "";
}

std::string first_of(const std::set<std::string>& by) {
    if (by.empty()) return "";
    return by.size() == 1 ? *by.begin() : fmt::format("{} and {} more", *by.begin(), by.size() - 1);
}

Findings find_calls(const std::vector<NamedCode>& files) { return Search(files).run(); }

}  // namespace spore::host

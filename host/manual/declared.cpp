#include "host/manual/declared.hpp"

namespace spore::host {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* verb) { return !verb->get_group().empty(); });
}

std::vector<OptionText> options_of(const CLI::App& app) {
    std::vector<OptionText> options;
    for (const auto* option : app.get_options([](const CLI::Option* o) { return !o->get_group().empty(); })) {
        OptionText text{.names = {}, .value = option->get_expected_max() > 0 ? option->get_type_name() : "", .help = option->get_description(),
                        .positional = option->get_positional()};
        for (const auto& name : option->get_snames()) text.names.push_back("-" + name);
        for (const auto& name : option->get_lnames()) text.names.push_back("--" + name);
        if (text.positional) text.value = option->get_name();
        options.push_back(std::move(text));
    }
    return options;
}

}  // namespace spore::host

// SPDX-License-Identifier: MIT
// C: what compression costs.
#include "hawse/deflate_budget.hpp"
#include "hawse/hawse_deflate.h"

#include "capi/objects.hpp"
#include "capi/values.hpp"

using namespace hawse;

void hawse_deflate_budget_of(const hawse_config* config, const hawse_agreement* agreement,
                             hawse_deflate_budget* budget) {
    const DeflateBudget known = agreement == nullptr
                                    ? deflate_budget(config->config)
                                    : deflate_budget(config->config, capi::agreement_of(agreement));
    capi::show(budget, {sizeof *budget, known.connection, known.inflater, known.compressor,
                        known.streamed_send});
}

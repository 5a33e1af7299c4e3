/* `campaigns`: rules with common dates, stock and budget. */
#include "programme/forms.h"
#include "programme/limits.h"
#include "programme/sections.h"

static const struct yaml_field campaign_fields[] = {
    YAML_FIELD(struct campaign, id, YAML_ID, .required = true, .max = ID_BYTES_MAX),
    NAME_ROW(struct campaign, name),
    CONDITION_ROW(struct campaign, when, "when"),
    CONDITION_ROW(struct campaign, unless, "unless"),
    LIMITS_ROW(struct campaign, limits),
};
static const struct yaml_table campaign_table = {YAML_FIELDS(campaign_fields),
                                                 .size = sizeof(struct campaign)};

/* Which kinds of rules a campaign has, a bit each; and whether any gives stamps. */
static unsigned kinds_in(const struct loader *loader, const char *id, bool *ret_stamps)
{
    const struct yaml_node *rules = loader->sections[SECTION_RULES];
    unsigned found = 0;
    *ret_stamps = false;
    for (const struct yaml_node *rule = rules != NULL ? rules->first : NULL; rule != NULL;
         rule = rule->next) {
        const struct yaml_node *campaign = yaml_get(rule, "campaign");
        if (campaign == NULL || !yaml_is_text(campaign, id)) {
            continue;
        }
        *ret_stamps = *ret_stamps || yaml_get(rule, "card") != NULL;
        enum rule_kind kind;
        found |= rule_kind_of(rule, &kind) ? 1U << kind : 0;
    }
    return found;
}

static void check_rules(struct loader *loader, const struct yaml_node *node, const struct campaign *campaign)
{
    bool stamps;
    const unsigned kinds = kinds_in(loader, campaign->id, &stamps);
    if (kinds == 0) {
        yaml_warning(&loader->errors, node, "no rule is part of '%s': expected one with 'campaign: %s'",
                     campaign->id, campaign->id);
    }
    for (size_t i = 0; i < campaign->limits.count; i++) {
        const bool times = campaign->limits.items[i].of == LIMIT_TIMES;
        if (times && (kinds & (kinds - 1)) != 0) {
            yaml_warning(
                &loader->errors, yaml_get(node, "limits"),
                "'times' counts purchases that got anything of it, and its rules are of different kinds");
        }
        if (!times && stamps) {
            yaml_warning(&loader->errors, yaml_get(node, "limits"),
                         "'given' counts points: the stamps its rules give are not limited by it");
        }
    }
}

static void read_campaign(struct loader *loader, const struct yaml_node *node, void *ret_item)
{
    struct campaign campaign;
    if (!loader_ok(loader, yaml_bind(&loader->binder, node, &campaign_table, &campaign))) {
        return;
    }
    check_rules(loader, node, &campaign);
    campaign.line = node->place.line;
    campaign.number = loader_number(loader, node, NUMBER_CAMPAIGN, campaign.id);
    number_limits(&campaign.limits, OWNER_CAMPAIGN, campaign.number);
    *(struct campaign *)ret_item = campaign;
}

void read_campaigns(struct loader *loader, const struct yaml_node *list)
{
    struct programme *programme = loader->programme;
    loader_check_ids(loader, SECTION_CAMPAIGNS);
    programme->campaigns = loader_list(loader, list, CAMPAIGNS_MAX, sizeof(struct campaign), read_campaign,
                                       &programme->campaigns_count);
}

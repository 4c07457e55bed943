"""Writes the score tables of models/README.md from scores.json, so that the two cannot drift apart."""
import data

START, END = "<!-- scores: written by train/run -->", "<!-- end of scores -->"


def cell(b):
    return "%.3f (%.3f to %.3f)" % (b["value"], *b["interval95"])


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(str(c) for c in r) + " |" for r in rows] + [""]


def severity(s):
    b = s.get("baseline", {})
    beside = lambda k: cell(b[k]) if k in b else "-"
    m = s["majority"]
    return table(["severity", "this model", "naive baseline", "majority class"], [
        ["accuracy", cell(s["accuracy"]), beside("accuracy"), "%.3f" % m["accuracy"]],
        ["macro-F1", cell(s["macro_f1"]), beside("macro_f1"), "%.3f" % m["macro_f1"]],
        ["balanced accuracy", cell(s["balanced_accuracy"]), "-", "0.333"],
        ["within one class", cell(s["within_one_class"]), "-", "-"],
        ["calibration error (ECE)", cell(s["ece"]), "-", "-"],
        ["answered / right when answered", "%.0f %% / %s" % (
            100 * s["answered"]["share"], cell(s["answered"]["accuracy"]) if s["answered"]["accuracy"] else "-"), "-", "-"]])


def confusion(s):
    return table(["person said", *("model: " + x for x in data.SEVERITIES)],
                 [[data.SEVERITIES[i], *row] for i, row in enumerate(s["confusion"])])


def multi(name, s):
    head = [name, "photos with it", "average precision", "chance", "precision", "recall", "F1"]
    rows = [[k, v["positives"], cell(v["average_precision"]), "%.3f" % v["chance"], "%.2f" % v["precision"],
             "%.2f" % v["recall"], "%.2f" % v["f1"]] for k, v in s["labels"].items()]
    mean = "Mean average precision **%s**; naive baseline %s; chance %.3f. Macro-F1 at the shipped thresholds %s; saying yes to everything: %.3f." % (
        cell(s["mean_average_precision"]), cell(s["baseline"]["mean_average_precision"]), s["chance"], cell(s["macro_f1"]),
        s["macro_f1_if_always_yes"])
    return [mean, ""] + table(head, rows)


def text(scores):
    t = scores["test"]
    s = t["severity"]
    twins = s["without_twins"]
    out = ["Brackets hold 95 % bootstrap intervals.", "",
           "### Held-out test: severity (n = %d)" % s["accuracy"]["n"], "", *severity(s), *confusion(s),
           "On the same photos the model is right more often than the baseline by %s." % cell(s["accuracy_over_baseline"]),
           "%d of these photos turned out to have a near-identical one in training; without them accuracy is %s." % (
               twins["photos_with_a_twin_in_training"], cell(twins["accuracy"])), "",
           "### Severity against another definition (n = %d)" % t["severity_other_definition"]["accuracy"]["n"], "",
           "lensor's test photos carry the severity of their worst box. That label was never trained on; photos of that source were, for type.", "",
           *severity(t["severity_other_definition"]),
           "### Held-out test: damaged part (n = %d)" % t["part"]["mean_average_precision"]["n"], "", *multi("part", t["part"]),
           "### Held-out test: damage type (n = %d)" % t["type"]["mean_average_precision"]["n"], "", *multi("type", t["type"])]
    o = scores.get("second_source")
    if o:
        v, b, d = o["vds_large"], o["lensor_worst_box"], o["damaged"]
        out += ["### Sources never trained on", "",
                "A second network of the same shape, trained for %d epochs instead of %d, never saw %s; these are its scores on them." % (
                    scores["recipe"]["second_source_epochs"], scores["recipe"]["epochs"], ", ".join(o["trained_without"])), "",
                "Large vds photos (n = %d), another collection than the thumbnails it was trained on:" % v["accuracy"]["n"], "",
                *severity(v), *confusion(v),
                "lensor's worst box as severity (n = %d), which is another definition:" % b["accuracy"]["n"], "", *severity(b),
                "Damaged or whole, lensor against cse151 (n = %d): AUROC %s, balanced accuracy %s, against 0.5 for a coin; "
                "%.0f %% of the whole vehicles are called damaged. Within the training sources the same head scores AUROC %s "
                "(n = %d): the difference is the shortcut described below." % (
                    d["auroc"]["n"], cell(d["auroc"]), cell(d["balanced_accuracy"]), 100 * d["whole_called_damaged"],
                    cell(t["damaged_same_sources"]), t["damaged_same_sources"]["n"]), ""]
    else:
        out += ["### Sources never trained on", "",
                "Not scored for these weights (`train/run --second-source` does it). Damaged or whole, within the training sources: AUROC %s "
                "(n = %d)." % (cell(t["damaged_same_sources"]), t["damaged_same_sources"]["n"]), ""]
    e = scores["same_photo"]
    out += ["### Embedding", "", "An edited copy of a test photo looked up among all %d photos (%d queries):" % (e["gallery"], e["queries"]), "",
            *table(["edit", "original ranks first", "within the first 20"],
                   [[k, "%.3f" % v["first"], "%.3f" % v["first_20"]] for k, v in e["edits"].items()])]
    a = scores["similar"]
    out += ["Of the ten nearest training photos, %s share the severity (chance %.3f) and %s share a damaged part (chance %.3f)." % (
        cell(a["same_severity_in_10"]), a["same_severity_by_chance"], cell(a["same_part_in_10"]), a["same_part_by_chance"]), ""]
    return "\n".join(out)


def write(scores, path):
    with open(path) as f:
        page = f.read()
    before, after = page[:page.index(START)], page[page.index(END):]
    with open(path, "w") as f:
        f.write(before + START + "\n" + text(scores) + "\n" + after)

/* Tables: a head that returns on each page, rows that are never torn. */
#include "paper/paper_int.h"

enum { BETWEEN = 8, PADDING = 3 };

void fl_paper_table_end(fl_paper *paper)
{
	if (paper->column_count == 0)
		return;
	for (size_t i = 0; i < paper->column_count; i++)
		g_free(paper->column_titles[i]);
	paper->column_count = 0;
	paper->y += 5;
}

typedef struct cells {
	PangoLayout *layouts[FL_PAPER_COLUMNS_MAX];
	double height;
} cells;

static double column_width(const fl_paper *paper, size_t column)
{
	double all = 0;

	for (size_t i = 0; i < paper->column_count; i++)
		all += paper->columns[i].share;
	return (fl_paper_across(paper) - BETWEEN * (double)(paper->column_count - 1)) * paper->columns[column].share / all;
}

static fl_look look_of(const fl_paper *paper, size_t column, bool bold)
{
	return (fl_look){ .size = 8.5, .bold = bold, .right = paper->columns[column].right, .bytes_max = FL_PAPER_CELL_MAX,
		.width = FL_MAX(column_width(paper, column), 8.0), .height = paper->height / 3 };
}

static void measure(fl_paper *paper, cells *row)
{
	row->height = 0;
	for (size_t i = 0; i < paper->column_count; i++)
		row->height = FL_MAX(row->height, fl_paper_layout_height(row->layouts[i]));
	row->height += 2 * PADDING;
}

static void put_cells(fl_paper *paper, cells *row, double grey)
{
	double x = MARGIN;

	for (size_t i = 0; i < paper->column_count; i++) {
		fl_paper_put(paper, row->layouts[i], grey, x, paper->y + PADDING);
		x += column_width(paper, i) + BETWEEN;
	}
	paper->y += row->height;
}

static void drop_cells(fl_paper *paper, cells *row)
{
	for (size_t i = 0; i < paper->column_count; i++)
		g_object_unref(row->layouts[i]);
}

static cells lay_head(fl_paper *paper)
{
	cells head;

	for (size_t i = 0; i < paper->column_count; i++) {
		fl_look look = look_of(paper, i, true);
		look.size = 7.5;
		head.layouts[i] = fl_paper_layout(paper, paper->column_titles[i], &look);
	}
	measure(paper, &head);
	return head;
}

static void put_head(fl_paper *paper, cells *head)
{
	put_cells(paper, head, 0.3);
	fl_paper_put_rule(paper, MARGIN, paper->y, fl_paper_across(paper), 0.3);
}

void fl_paper_table(fl_paper *paper, const fl_paper_column *columns, size_t count)
{
	assert(count >= 1 && count <= FL_PAPER_COLUMNS_MAX);
	fl_paper_table_end(paper);
	if (paper->err != FL_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		assert(columns[i].share > 0);
		paper->columns[i] = columns[i];
		paper->columns[i].title = FL_STR("");
		paper->column_titles[i] = fl_paper_clean(columns[i].title, FL_PAPER_LINE_MAX);
	}
	paper->column_count = count;
	cells head = lay_head(paper);
	if (fl_paper_room(paper, head.height + 20)) /* with a row below it */
		put_head(paper, &head);
	drop_cells(paper, &head);
}

/* Room for the row; on a new page the head comes first. */
static bool room_for_row(fl_paper *paper, double height)
{
	int page = paper->page;

	if (!fl_paper_room(paper, height))
		return false;
	if (paper->page == page)
		return true;
	cells head = lay_head(paper);
	put_head(paper, &head);
	drop_cells(paper, &head);
	return paper->err == FL_OK;
}

void fl_paper_row(fl_paper *paper, fl_paper_row_kind kind, const fl_str *texts)
{
	cells row;

	if (paper->err != FL_OK)
		return;
	assert(paper->column_count > 0);
	for (size_t i = 0; i < paper->column_count; i++) {
		fl_look look = look_of(paper, i, kind == FL_PAPER_ROW_TOTAL);
		row.layouts[i] = fl_paper_lay(paper, texts[i], &look);
	}
	measure(paper, &row);
	if (room_for_row(paper, row.height)) {
		if (kind == FL_PAPER_ROW_TOTAL)
			fl_paper_put_rule(paper, MARGIN, paper->y, fl_paper_across(paper), 0.3);
		put_cells(paper, &row, 0);
		if (kind == FL_PAPER_ROW)
			fl_paper_put_rule(paper, MARGIN, paper->y, fl_paper_across(paper), 0.85);
	}
	drop_cells(paper, &row);
}

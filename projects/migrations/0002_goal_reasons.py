from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="goal", name="pace_reason"),
        migrations.AddField(
            model_name="goal",
            name="pace_reasons",
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="goal",
            name="judged_by",
            field=models.CharField(
                choices=[
                    ("interval", "When the whole interval has passed the target"),
                    ("point", "When the value itself has passed the target"),
                ],
                default="interval",
                max_length=8,
                verbose_name="counts as reached",
            ),
        ),
    ]
